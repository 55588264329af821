import { applicationVariables, ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import { freshForm, isRecord, type Pm2Env } from '../pm2/record.ts';
import type { Seat } from './seat.ts';

/** Where a record was made. */
export interface RecordOrigin {
  /** PM2_HOMEs that its paths may lie under: the daemon's, and the one that the record itself names (T29). */
  homes: readonly string[];
  /** Home directory of the user it ran as; null: unknown. */
  userHome: string | null;
  uid: number;
}

export interface Relocated {
  /** For the target's `prepare`. */
  record: Pm2Env;
  /** Variables that were the old user's and are left out, without those that every login has; for people. */
  dropped: string[];
}

/** What is expected to change hands, and would only fill the list. */
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
 * The record of a process as its new daemon should have it (docs/pm2-internals.md section 5.4): everything that says
 * how the app runs stays; whose it was goes, by the rules of every switch (identity/environment.ts); log and pid files
 * move only where they lay in the old home.
 *
 * @param running whether it is to be started
 */
export function relocate(record: Pm2Env, running: boolean, from: RecordOrigin, to: Seat): Relocated {
  const fresh = freshForm(record, running);
  const old = isRecord(fresh.env) ? fresh.env : {};
  const env = environmentFor(old, from, to);
  // PM2 spreads the environment over the record: what is gone from the one must go from the other.
  const gone = [...Object.keys(old), ...Object.keys(fresh).filter((name) => isWhose(name))].filter(
    (name) => !(name in env),
  );
  const moved = Object.fromEntries(
    Object.entries(fresh)
      .filter(([key]) => !gone.includes(key))
      .map(([key, value]) => [key, PATH_FIELDS.includes(key) ? movedPath(value, from.homes, to.home) : value]),
  );
  const result: Record<string, unknown> = { ...moved, ...env, env, username: to.user };
  if (to.uid !== 0) {
    // --uid: only root's daemon can switch users, and this one runs as that user already
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
  const foreign = from.uid === to.uid ? null : from.userHome;
  const kept = applicationVariables(Object.fromEntries(Object.keys(old).map((name) => [name, text(name)])), foreign);
  const own = Object.entries(old)
    .filter(([name, value]) => name in kept && !PATH_OVERRIDES.includes(name) && !isIn(value, from.homes))
    .map(([name, value]) => [name, typeof value === 'string' ? kept[name] : value] as const);
  return {
    ...Object.fromEntries(own),
    ...ownersEnvironment({}, to, pathFor(text('PATH'), foreign)),
    PM2_HOME: to.home,
  };
}

/** The app's own PATH, without what leads into the old user's home, with whatever every login has. */
function pathFor(path: string, foreignHome: string | null): string {
  const kept = path
    .split(':')
    .filter(
      (directory) =>
        directory.startsWith('/') && (foreignHome === null || foreignHome === '/' || !isIn(directory, [foreignHome])),
    );
  return [...new Set([...kept, ...SYSTEM_PATH.split(':')])].join(':');
}

/** Says who somebody is, whatever its value. */
function isWhose(name: string): boolean {
  return name !== 'PATH' && !(name in applicationVariables({ [name]: '' }, null));
}

function movedPath(value: unknown, homes: readonly string[], home: string): unknown {
  const old = homes.find((candidate) => isIn(value, [candidate]));
  return typeof value === 'string' && old !== undefined ? home + value.slice(old.length) : value;
}

function isIn(value: unknown, directories: readonly string[]): boolean {
  return (
    typeof value === 'string' &&
    directories.some((directory) => value === directory || value.startsWith(`${directory}/`))
  );
}
