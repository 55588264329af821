import { asPm2Home, type Pm2Home } from '../runtime/brands.ts';
import { join, resolve } from 'node:path';
import type { Major } from './invocation.ts';

/**
 * Environment variables that move PM2's files out of its PM2_HOME: every key of paths.js of PM2 5.4.3, 6.0.14 and
 * 7.0.4 with the prefix `PM2_`, OVER_HOME (constants.js), and the Windows names that 5 and 6 read everywhere (T21).
 * The rpc socket identifies a daemon, so with such a variable two daemons can share a PM2_HOME.
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

/** PM2 uses it if it finds no home directory (T15). */
const HOMELESS = '/etc/.pm2';

export interface Pm2HomeBasis {
  major: Major;
  /** The effective user's home directory in passwd; null: no entry. */
  homeDirectory: string | null;
  /** Absolute; a relative HOME or PM2_HOME starts here. */
  cwd: string;
}

/**
 * The PM2_HOME that the real pm2 of this major would use: absolute, normalised. Rules: constants.js and paths.js of
 * PM2 5.4.3, 6.0.14 (equal) and 7.0.4; T15, T16, T20, T21.
 */
export function resolvePm2Home(env: NodeJS.ProcessEnv, { major, homeDirectory, cwd }: Pm2HomeBasis): Pm2Home {
  return asPm2Home(pathOfPm2Home(env, { major, homeDirectory, cwd }));
}

function pathOfPm2Home(env: NodeJS.ProcessEnv, { major, homeDirectory, cwd }: Pm2HomeBasis): string {
  const named = env.OVER_HOME || env.PM2_HOME;
  if (named) return resolve(cwd, named);
  if (major === 7) {
    // os.homedir(): HOME if it is set, even if empty; otherwise passwd.
    const homeOfUser = env.HOME ?? homeDirectory;
    return homeOfUser ? resolve(cwd, homeOfUser, '.pm2') : HOMELESS;
  }
  if (env.HOME) return resolve(cwd, env.HOMEPATH ? (env.HOMEDRIVE ?? '') : '', env.HOME, '.pm2');
  if (env.HOMEPATH) return resolve(cwd, env.HOMEDRIVE ?? '', env.HOMEPATH, '.pm2');
  return HOMELESS;
}

/** Where PM2 keeps it without PM2_HOME. @param homeDirectory absolute */
export function defaultPm2Home(homeDirectory: string): Pm2Home {
  return asPm2Home(join(homeDirectory, '.pm2'));
}

/** The socket of the daemon of this PM2_HOME; only PM2_DAEMON_RPC_PORT moves it. */
export function rpcSocket(pm2Home: Pm2Home): string {
  return join(pm2Home, 'rpc.sock');
}

/** The file that `pm2 save` writes in this PM2_HOME. */
export function dumpFile(pm2Home: Pm2Home): string {
  return join(pm2Home, 'dump.pm2');
}
