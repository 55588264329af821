import { applicationVariables, ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import { freshForm, isRecord, type Pm2Env } from '../pm2/record.ts';
import type { Uid, Pm2Home } from '../runtime/brands.ts';
import type { Seat } from './seat.ts';

export interface RecordOrigin {
  /** PM2_HOMEs that its paths may lie in: the daemon's, and the one that the record names (T29). */
  pm2Homes: readonly Pm2Home[];
  /** Home directory of the user it ran as; null: unknown. */
  homeDirectory: string | null;
  uid: Uid;
}

export interface Relocated {
  /** For `prepare` of the target daemon. */
  record: Pm2Env;
  /** Names of the old user's variables that are left out, except those that every login has. */
  dropped: string[];
}

/** Variables that always change with the user; naming them would only fill the list. */
const EXPECTED = new RegExp(
  '^(HOME|USER|LOGNAME|USERNAME|SHELL|MAIL|PATH|PWD|OLDPWD|SHLVL|LS_COLORS|_|DISPLAY|PS1' +
    '|PM2_.*|SUDO_.*|XDG_.*|SSH_.*|DBUS_.*|TMUX.*)$',
);
const PATH_FIELDS = [
  'pm_out_log_path',
  'pm_err_log_path',
  'pm_log_path',
  'pm_pid_path',
  'out_file',
  'error_file',
  'log_file',
  'pid_file',
];

/**
 * The record of a process for its new daemon (docs/pm2-internals.md section 5.4). Everything that says how the app
 * runs stays. Variables of the old user go, by the rules of identity/environment.ts. Log and pid files move only if
 * they were in the old PM2_HOME.
 * @param running whether it is to be started
 */
export function relocate(record: Pm2Env, running: boolean, from: RecordOrigin, to: Seat): Relocated {
  const fresh = freshForm(record, running);
  const old = isRecord(fresh.env) ? fresh.env : {};
  const env = environmentFor(old, from, to);
  // PM2 spreads the environment over the record, so a removed variable is removed from both.
  const gone = [...Object.keys(old), ...Object.keys(fresh).filter((name) => namesUser(name))].filter(
    (name) => !(name in env),
  );
  const moved = Object.fromEntries(
    Object.entries(fresh)
      .filter(([key]) => !gone.includes(key))
      .map(([key, value]) => [key, PATH_FIELDS.includes(key) ? movedPath(value, from.pm2Homes, to.pm2Home) : value]),
  );
  const result: Record<string, unknown> = { ...moved, ...env, env, username: to.user };
  if (to.uid !== 0) {
    // --uid: only root's daemon can switch users, and this daemon already runs as that user
    delete result.uid;
    delete result.gid;
  }
  return {
    record: result,
    dropped: Object.keys(old)
      .filter((name) => !(name in env) && !EXPECTED.test(name))
      .sort(),
  };
}

function environmentFor(old: Pm2Env, from: RecordOrigin, to: Seat): Record<string, unknown> {
  const text = (name: string) => (typeof old[name] === 'string' ? old[name] : '');
  const foreign = from.uid === to.uid ? null : from.homeDirectory;
  const kept = applicationVariables(Object.fromEntries(Object.keys(old).map((name) => [name, text(name)])), foreign);
  const own = Object.entries(old)
    .filter(([name, value]) => name in kept && !PATH_OVERRIDES.includes(name) && !isIn(value, from.pm2Homes))
    .map(([name, value]) => [name, typeof value === 'string' ? kept[name] : value] as const);
  return {
    ...Object.fromEntries(own),
    ...ownersEnvironment({}, to, pathFor(text('PATH'), foreign)),
    PM2_HOME: to.pm2Home,
  };
}

/** The app's PATH without the old user's home directory, plus the PATH of every login. */
function pathFor(path: string, foreignHomeDirectory: string | null): string {
  const kept = path
    .split(':')
    .filter(
      (directory) =>
        directory.startsWith('/') &&
        (foreignHomeDirectory === null || foreignHomeDirectory === '/' || !isIn(directory, [foreignHomeDirectory])),
    );
  return [...new Set([...kept, ...SYSTEM_PATH.split(':')])].join(':');
}

/** The variable names a user, whatever its value. */
function namesUser(name: string): boolean {
  return name !== 'PATH' && !(name in applicationVariables({ [name]: '' }, null));
}

function movedPath(value: unknown, pm2Homes: readonly Pm2Home[], pm2Home: Pm2Home): unknown {
  const old = pm2Homes.find((candidate) => isIn(value, [candidate]));
  return typeof value === 'string' && old !== undefined ? pm2Home + value.slice(old.length) : value;
}

function isIn(value: unknown, directories: readonly string[]): boolean {
  return (
    typeof value === 'string' &&
    directories.some((directory) => value === directory || value.startsWith(`${directory}/`))
  );
}
