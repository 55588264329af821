import type { Daemon, Policy } from '../policy/policy.ts';
import type { Evidence } from './verdict.ts';

/** An account that may evaluate a process file, if it is no foreign code to it (src/pm2/process-file.ts). */
export type EvaluatorCandidate =
  | { type: 'daemon'; daemon: Daemon }
  /** The file's owner, as the kernel says. */
  | { type: 'owner' }
  | { type: 'caller' };

/**
 * As whom a process file may be evaluated to see what it declares, in this order (docs/contract.md section 3.3): the
 * user of the daemon whose `paths` hold it, the owner of the file, the user whose home directory it is in, the caller,
 * the user of the default daemon.
 *
 * @param path of the file; null: it came on standard input, which only the caller wrote
 */
export function evaluatorsOf(path: string | null, policy: Policy, { realpaths }: Evidence): EvaluatorCandidate[] {
  if (path === null) return [{ type: 'caller' }];
  const real = realpaths.get(path);
  const rules = [...policy.ownersOfPath(path), ...(real === undefined ? [] : policy.ownersOfPath(real))];
  const byPath = policy.daemons.filter(({ name }) => name === rules[0]?.daemon);
  const fallback = policy.daemons.filter(({ name }) => name === policy.default);
  // A file that root made in the home directory of a daemon's user is no foreign code to that user.
  const holders = policy.daemons.filter(({ userHome }) => userHome !== '/' && path.startsWith(`${userHome}/`));
  const asDaemon = (daemon: Daemon): EvaluatorCandidate => ({ type: 'daemon', daemon });
  return [
    ...byPath.map(asDaemon),
    { type: 'owner' },
    ...holders.map(asDaemon),
    { type: 'caller' },
    ...fallback.map(asDaemon),
  ];
}
