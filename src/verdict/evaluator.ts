import type { Daemon, Policy } from '../policy/policy.ts';
import type { Evidence } from './verdict.ts';

/** An account that may evaluate a process file, if it trusts the file (src/pm2/process-file.ts). */
export type EvaluatorCandidate = { type: 'daemon'; daemon: Daemon } | { type: 'owner' } | { type: 'caller' };

/** In order of preference (docs/contract.md section 3.3). `path` null: stdin, so the caller wrote the file. */
export function evaluatorsOf(path: string | null, policy: Policy, { realpaths }: Evidence): EvaluatorCandidate[] {
  if (path === null) return [{ type: 'caller' }];
  const real = realpaths.get(path);
  const rules = [...policy.ownersOfPath(path), ...(real === undefined ? [] : policy.ownersOfPath(real))];
  const byPath = policy.daemons.filter(({ name }) => name === rules[0]?.daemon);
  const fallback = policy.daemons.filter(({ name }) => name === policy.default);
  // root may have created a file in the home directory of a daemon's user.
  const holders = policy.daemons.filter(
    ({ homeDirectory }) => homeDirectory !== '/' && path.startsWith(`${homeDirectory}/`),
  );
  const asDaemon = (daemon: Daemon): EvaluatorCandidate => ({ type: 'daemon', daemon });
  return [
    ...byPath.map(asDaemon),
    { type: 'owner' },
    ...holders.map(asDaemon),
    { type: 'caller' },
    ...fallback.map(asDaemon),
  ];
}
