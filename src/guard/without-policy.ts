import { formatConfigError, type ConfigError } from '../policy/config-error.ts';
import { CONFIG_PLACES, standardConfig } from '../policy/places.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Uid } from '../runtime/brands.ts';
import type { Pass } from '../verdict/verdict.ts';
import { carryOutPass } from './carry-out.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { record } from './record.ts';
import { endWithError, endWithoutPm2 } from './refuse.ts';
import { say } from './report.ts';
import { callerOf, workingDirectory } from '../call/caller-of.ts';

/** Runs pm2 without a policy. `error`: why there is none; null: PM2_GUARD=off of root. */
export function goWithoutPolicy(argv: readonly string[], euid: Uid, error: ConfigError | null): void {
  const real = realPm2(euid, null);
  if (real.type !== 'found') {
    endWithoutPm2(real, standardConfig() ?? CONFIG_PLACES[0]);
    return;
  }
  if (error !== null)
    say([
      `pm2-guard: unguarded: ${formatConfigError(error).split('\n', 1)[0] ?? ''}, there is no last good policy, ` +
        'and on_error is open; see: pm2-guard check',
    ]);
  const cwd = workingDirectory();
  const caller = callerOf(process.env, euid, real.major, cwd, { daemons: [] });
  const invocation = interpret(argv, { major: real.major, env: process.env, cwd: cwd ?? '/' });
  record({ outcome: 'bypass', caller, argv, rule: error === null ? 'PM2_GUARD=off' : 'on_error: open' });
  const verdict: Pass = {
    type: 'pass',
    code: 'PG004',
    reason: 'unguarded',
    rule: null,
    daemon: null,
    report: null,
    daemonless: false,
  };
  const call = { ...real, argv, stdin: null, invocation, hopped: false, daemonDown: false };
  try {
    carryOutPass({ ...call, beforeHandOff: () => undefined }, caller, verdict);
  } catch (error) {
    endWithError(error, caller, invocation);
  }
}
