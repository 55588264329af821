import { join, resolve } from 'node:path';
import type { Major } from './invocation.ts';

/**
 * Environment variables that move PM2 away from its PM2_HOME, or a single one of its files away from there: every key
 * of paths.js of PM2 5.4.3, 6.0.14 and 7.0.4 with `PM2_` before it, OVER_HOME (constants.js), and the Windows names
 * that 5 and 6 read everywhere (T21). A daemon is its rpc socket, so with one of these two daemons may share a home, or
 * one may have none.
 */
export const PATH_OVERRIDES: readonly string[] = [
  'OVER_HOME',
  'HOMEPATH',
  'HOMEDRIVE',
  'PM2_DAEMON_RPC_PORT',
  'PM2_DAEMON_PUB_PORT',
  'PM2_INTERACTOR_RPC_PORT',
  'PM2_CONF_FILE',
  'PM2_MODULE_CONF_FILE',
  'PM2_LOG_FILE_PATH',
  'PM2_PID_FILE_PATH',
  'PM2_RELOAD_LOCKFILE',
  'PM2_DEFAULT_PID_PATH',
  'PM2_DEFAULT_LOG_PATH',
  'PM2_DEFAULT_MODULE_PATH',
  'PM2_IO_ACCESS_TOKEN',
  'PM2_DUMP_FILE_PATH',
  'PM2_DUMP_BACKUP_FILE_PATH',
  'PM2_INTERACTOR_LOG_FILE_PATH',
  'PM2_INTERACTOR_PID_PATH',
  'PM2_INTERACTION_CONF',
  'PM2_HAS_NODE_EMBEDDED',
  'PM2_BUILTIN_NODE_PATH',
  'PM2_BUILTIN_NPM_PATH',
];

/** Where every PM2 ends up when it cannot tell whose home it is in (T15). */
const HOMELESS = '/etc/.pm2';

export interface HomeFacts {
  major: Major;
  /** Home directory of the effective user by passwd; null: there is no such entry. */
  passwdHome: string | null;
  /** Working directory of the call, absolute: a relative HOME or PM2_HOME starts there. */
  cwd: string;
}

/**
 * The PM2_HOME that the real pm2 of this major would use: absolute, normalised.
 * Rules: constants.js and paths.js of PM2 5.4.3, 6.0.14 (equal) and 7.0.4; T15, T16, T20, T21.
 */
export function pm2Home(env: NodeJS.ProcessEnv, { major, passwdHome, cwd }: HomeFacts): string {
  const named = env.OVER_HOME || env.PM2_HOME;
  if (named) return resolve(cwd, named);
  if (major === 7) {
    // os.homedir(): HOME wherever it is set, even to nothing; passwd only where it is not.
    const home = env.HOME ?? passwdHome;
    return home ? resolve(cwd, home, '.pm2') : HOMELESS;
  }
  if (env.HOME) return resolve(cwd, env.HOMEPATH ? (env.HOMEDRIVE ?? '') : '', env.HOME, '.pm2');
  if (env.HOMEPATH) return resolve(cwd, env.HOMEDRIVE ?? '', env.HOMEPATH, '.pm2');
  return HOMELESS;
}

/** The socket by which a daemon of this home is asked; nothing moves it but PM2_DAEMON_RPC_PORT. */
export function rpcSocket(home: string): string {
  return join(home, 'rpc.sock');
}

/** What `pm2 save` wrote in this home. */
export function dumpFile(home: string): string {
  return join(home, 'dump.pm2');
}
