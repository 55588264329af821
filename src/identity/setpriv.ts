import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { lazyBuiltin } from '../runtime/late.ts';
import { realpathOrNull } from '../runtime/peek.ts';
import { accountByUid } from './accounts.ts';
import { SYSTEM_PATH } from './environment.ts';
import { switchesHere, SwitchError, type Identity } from './switch-user.ts';

/** Absolute paths, because root runs it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'];

/** Null: missing, or the one of busybox, which lacks `--reuid`. */
export function setpriv(): string | null {
  return SETPRIV.find((path) => isExecutable(path) && realpathOrNull(path)?.endsWith('/busybox') === false) ?? null;
}

/** With the groups of a login. Used when node cannot switch. Throws SwitchError without setpriv. */
export function setprivWords({ user, uid, gid }: Identity, argv: readonly string[]): string[] {
  const program = setpriv();
  if (program === null)
    throw new SwitchError(
      `node ${process.versions.node} does not become ${user} (uid ${uid}), and there is no setpriv, which could: ` +
        'install util-linux, or node 22 or newer',
      true,
    );
  // --init-groups needs an account for the uid.
  const groups = accountByUid(uid) === null ? ['--groups', String(gid)] : ['--init-groups'];
  return [program, '--reuid', String(uid), '--regid', String(gid), ...groups, '--', ...argv];
}

/**
 * Root stays the real user, so the user's processes cannot trace the program (ptrace(2)) and its answers can be
 * trusted. The program must not run the user's code.
 */
export function rightsWords(to: Identity, argv: readonly string[]): string[] {
  const [program = '', ...words] = setprivWords(to, argv);
  const rest = words.slice(words.indexOf('--'));
  return [program, '--euid', String(to.uid), '--regid', String(to.gid), '--groups', groupsOf(to).join(), ...rest];
}

const known = new Map<string, number[]>();

/** Like initgroups(3). id(1) reads the same databases. */
function groupsOf({ user, gid }: Identity): number[] {
  const before = known.get(user);
  if (before !== undefined) return before;
  const { status, stdout } = lazyBuiltin('node:child_process').spawnSync('/usr/bin/id', ['-G', '--', user], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const listed = status === 0 ? stdout.trim().split(' ').map(Number).filter(Number.isInteger) : [];
  const groups = [...new Set([gid, ...listed])];
  known.set(user, groups);
  return groups;
}

/** Our bundle switches by itself if node can, else setpriv does. `to` null: no switch. Throws SwitchError. */
export function bundleWords(to: Identity | null, bundle: string, way: 'any' | 'setpriv' = 'any'): string[] {
  if (to === null || (way === 'any' && switchesHere())) return [process.execPath, bundle];
  return setprivWords(to, [nodeForOthers(), bundle]);
}

export function taskWords(to: Identity, bundle: string, task: string): string[] {
  return rightsWords(to, [nodeForOthers(), bundle, task]);
}

/** Prefers the current node if all users can run it (not if below /root/.nvm). */
function nodeForOthers(): string {
  const nodes = [process.execPath, ...SYSTEM_PATH.split(':').map((directory) => `${directory}/node`)];
  return nodes.find(runsForAll) ?? process.execPath;
}

function runsForAll(path: string): boolean {
  try {
    let at = realpathOrNull(path);
    if (at === null) return false;
    for (; at !== '/'; at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false;
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
