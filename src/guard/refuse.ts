import { formatConfigError, type ConfigError } from '../policy/config-error.ts';
import type { RealPm2 } from '../pm2/installed.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Block } from '../verdict/verdict.ts';
import { endRecorded } from './record.ts';
import { blockLines, say } from './report.ts';

/** Exit statuses of ours (PRODUCT section 4); every other one is pm2's. */
export const BLOCKED = 126;
const NO_REAL_PM2 = 127;
const NO_POLICY = 78;

/** Nothing is run, nothing is written but the record; of what verify tries (PG108) not even that. */
export function block(verdict: Block, caller: Caller, invocation: Invocation): void {
  say(blockLines(verdict, invocation));
  if (verdict.code === 'PG108') {
    process.exitCode = BLOCKED;
    return;
  }
  endRecorded(BLOCKED, { outcome: 'block', caller, owner: verdict.daemon, argv: invocation.argv, rule: verdict.code });
}

/** The config cannot be used and no policy was ever compiled. */
export function endWithoutPolicy(error: ConfigError): void {
  say([
    'pm2-guard: blocked (PG301): nothing was run',
    'The config cannot be used, and there is no last good policy. Apps that run keep running.',
    ...formatConfigError(error).split('\n'),
    'fix:      correct what is shown above, then: sudo pm2-guard check',
    'details:  pm2-guard explain PG301',
  ].map((line, at) => (at === 0 ? line : `  ${line}`)));
  process.exitCode = NO_POLICY;
}

/** There is no pm2 to become. */
export function endWithoutPm2(real: Exclude<RealPm2, { type: 'found' }>): void {
  const why = real.type === 'untrusted'
    ? [`${real.bin} is passed over: ${real.distrust.path} ${real.distrust.why}, and root would run it`]
    : real.tried.map(({ path, why: reason }) => `${path} ${reason}`);
  say([
    'pm2-guard: blocked (PG302): PM2 itself is not installed',
    'Apps that run keep running. Looked at:',
    ...why.map((line) => `  ${line}`),
    'fix:      install the version that ran here last (pm2-guard status shows it), as root:',
    '          npm install -g pm2 && pm2-guard install',
    'details:  pm2-guard explain PG302',
  ].map((line, at) => (at === 0 ? line : `  ${line}`)));
  process.exitCode = NO_REAL_PM2;
}
