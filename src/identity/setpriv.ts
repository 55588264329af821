import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { lazyBuiltin } from '../runtime/late.ts';
import { realpathOrNull } from '../runtime/peek.ts';
import { accountByUid } from './accounts.ts';
import { SYSTEM_PATH } from './environment.ts';
import { switchesHere, SwitchError, type Identity } from './switch-user.ts';

/** util-linux's, by absolute path: root runs it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'];

/** Absolute path of setpriv(1); null: there is none that changes users. busybox's does not know `--reuid`. */
export function setpriv(): string | null {
  return SETPRIV.find((path) => isExecutable(path) && realpathOrNull(path)?.endsWith('/busybox') === false) ?? null;
}

/**
 * The words that start a program as another user, with the groups of a login: for root, where node does not switch
 * (`switchesHere`). setpriv becomes the program, so there is one process.
 *
 * @param argv the program by its absolute path, and its arguments
 * @throws SwitchError where there is no setpriv
 */
export function setprivWords({ user, uid, gid }: Identity, argv: readonly string[]): string[] {
  const program = setpriv();
  if (program === null)
    throw new SwitchError(
      `node ${process.versions.node} does not become ${user} (uid ${uid}), and there is no setpriv, which could: ` +
        'install util-linux, or node 22 or newer',
      true,
    );
  // --init-groups looks the uid up.
  const groups = accountByUid(uid) === null ? ['--groups', String(gid)] : ['--init-groups'];
  return [program, '--reuid', String(uid), '--regid', String(gid), ...groups, '--', ...argv];
}

/**
 * The words that start a program with the rights of a user alone, and with root as its real user: then the kernel does
 * not let that user's processes look into it or trace it (ptrace(2)), so its answers are not theirs. Not for a program
 * that runs anything of the user's.
 */
export function rightsWords(to: Identity, argv: readonly string[]): string[] {
  const [program = '', ...words] = setprivWords(to, argv);
  const rest = words.slice(words.indexOf('--'));
  return [program, '--euid', String(to.uid), '--regid', String(to.gid), '--groups', groupsOf(to).join(), ...rest];
}

const known = new Map<string, number[]>();

/** As initgroups(3) sets them; id(1) asks the same databases. */
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

/**
 * The words that start a bundle of ours which then works as another user: it becomes the user itself (`switchUser`)
 * where node can, else it is started as the user.
 *
 * @param to null: this process's own
 * @param way `setpriv`: whether node can or not
 * @throws SwitchError where there is no way
 */
export function bundleWords(to: Identity | null, bundle: string, way: 'any' | 'setpriv' = 'any'): string[] {
  if (to === null || (way === 'any' && switchesHere())) return [process.execPath, bundle];
  return setprivWords(to, [nodeForOthers(), bundle]);
}

/** The words that start a task of a bundle of ours with the rights of a user. */
export function taskWords(to: Identity, bundle: string, task: string): string[] {
  return rightsWords(to, [nodeForOthers(), bundle, task]);
}

/** The node that runs this, where every user can run it (not below /root/.nvm); else one of the system's. */
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
