import { accountByName } from '../identity/accounts.ts';
import { complaintIn } from '../identity/in-child.ts';
import { bundleWords, setpriv } from '../identity/setpriv.ts';
import { realSudo } from '../identity/sudo-places.ts';
import type { Identity } from '../identity/switch-user.ts';
import { asGid, asUid } from '../runtime/brands.ts';
import { runProgram } from '../runtime/run-program.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { commandLineHere } from '../terminal/root-command.ts';

/** How root becomes another user: in order of preference. `none` blocks a rewrite by root (PG110). */
export type SwitchWay = 'in process' | 'setpriv' | 'sudo' | 'none';

export interface Switching {
  way: SwitchWay;
  node: string;
  uv: string;
  /** Why not in process; else null. */
  why: string | null;
}

/** For reports: each call tests again, so that a node upgrade takes effect at once. */
export function trySwitching(node: string, bundle: string): Switching {
  const account = accountByName('nobody');
  const to: Identity =
    account === null
      ? { user: 'nobody', uid: asUid(65534), gid: asGid(65534) }
      : { user: account.name, uid: account.uid, gid: account.gid };
  const words = ['switch', JSON.stringify(to)];
  const here = run([node, bundle, ...words]);
  const versions = { node: here.node ?? 'unknown', uv: here.uv ?? 'unknown' };
  if (here.done) return { way: 'in process', ...versions, why: null };
  const way = bySetpriv(to, bundle, words) ? 'setpriv' : realSudo() !== null ? 'sudo' : 'none';
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
  const { stdout, stderr, error } = runProgram(program, words, options);
  try {
    return JSON.parse(stdout) as Tried;
  } catch {
    const why = error?.message ?? complaintIn(stderr) ?? stderr.trim().split('\n').at(-1) ?? '';
    return { done: false, node: null, uv: null, why };
  }
}

/** Null: no action is needed. */
export function switchingProblem({ way, why }: Switching): string | null {
  if (way !== 'none') return null;
  return (
    `root's calls cannot become another user: ${why ?? ''}, and there is neither setpriv nor sudo; ` +
    `run:  ${commandLineHere(['sudo', ...packageCommand('util-linux')])}`
  );
}

export function switchingInWords({ way, node, uv, why }: Switching): string {
  const by = { 'in process': "in root's own process", setpriv: 'by setpriv', sudo: 'by sudo', none: 'NOT AT ALL' }[way];
  const with_ = `node ${node}, libuv ${uv}`;
  return way === 'in process' ? `${by}  (${with_})` : `${by}  (${with_}: ${why ?? ''})`;
}
