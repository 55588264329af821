import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { accountByName } from '../identity/accounts.ts';
import { complaintIn } from '../identity/in-child.ts';
import { bundleWords, setpriv } from '../identity/setpriv.ts';
import type { Identity } from '../identity/switch-user.ts';

/**
 * How root's calls become another user: `in process`, by `setpriv` where node does not do it, by `sudo` where there is
 * no setpriv either. `none`: a rewrite by root is blocked (PG110).
 */
export type SwitchWay = 'in process' | 'setpriv' | 'sudo' | 'none';

export interface Switching {
  way: SwitchWay;
  /** The node that it was tried with, and the libuv that it is linked with. */
  node: string;
  uv: string;
  /** Why not in process; null: it is. */
  why: string | null;
}

const SUDO = ['/usr/bin/sudo', '/usr/local/bin/sudo', '/run/wrappers/bin/sudo'];

/**
 * Tries in child processes how root becomes another user with this node. Calls do not read the answer: they try it
 * themselves, at no cost, so that an upgraded node changes it at once. It is for people.
 *
 * @param node absolute, root's own
 * @param bundle dist/as-user.cjs of the release
 */
export function trySwitching(node: string, bundle: string): Switching {
  const account = accountByName('nobody');
  const to: Identity =
    account === null
      ? { user: 'nobody', uid: 65534, gid: 65534 }
      : { user: account.name, uid: account.uid, gid: account.gid };
  const words = ['switch', JSON.stringify(to)];
  const here = run([node, bundle, ...words]);
  const versions = { node: here.node ?? 'unknown', uv: here.uv ?? 'unknown' };
  if (here.done) return { way: 'in process', ...versions, why: null };
  const way = bySetpriv(to, bundle, words) ? 'setpriv' : SUDO.some((path) => existsSync(path)) ? 'sudo' : 'none';
  return { way, ...versions, why: here.why };
}

function bySetpriv(to: Identity, bundle: string, words: readonly string[]): boolean {
  return setpriv() !== null && run([...bundleWords(to, bundle, 'setpriv'), ...words]).done;
}

interface Tried {
  done: boolean;
  node: string | null;
  uv: string | null;
  why: string;
}

function run([program = '', ...words]: readonly string[]): Tried {
  const options = { cwd: '/', env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8', timeout: 10_000 } as const;
  const { stdout, stderr, error } = spawnSync(program, words, options);
  try {
    return JSON.parse(stdout) as Tried;
  } catch {
    const why = error?.message ?? complaintIn(stderr) ?? stderr.trim().split('\n').at(-1) ?? '';
    return { done: false, node: null, uv: null, why };
  }
}

/** For status and install; null: nothing is to be done about it. */
export function switchingProblem({ way, why }: Switching): string | null {
  if (way !== 'none') return null;
  return (
    `root's calls cannot become another user: ${why ?? ''}, and there is neither setpriv nor sudo; ` +
    'run:  sudo apt-get install util-linux'
  );
}

/** As one row of a report. */
export function switchingInWords({ way, node, uv, why }: Switching): string {
  const by = { 'in process': 'in its own process', setpriv: 'by setpriv', sudo: 'by sudo', none: 'NOT AT ALL' }[way];
  const with_ = `node ${node}, libuv ${uv}`;
  return way === 'in process' ? `${by}  (${with_})` : `${by}  (${with_}: ${why ?? ''})`;
}
