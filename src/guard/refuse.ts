import { formatConfigError, type ConfigError } from '../policy/config-error.ts';
import type { RealPm2 } from '../pm2/installed.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Block } from '../verdict/verdict.ts';
import { endRecorded } from './record.ts';
import { blockLines, say } from './report.ts';

/** Exit statuses of ours (PRODUCT section 4); every other one is pm2's. */
export const BLOCKED = 126;
const NO_REAL_PM2 = 127;
const NO_POLICY = 78;

/** Nothing is run, nothing is written but the record; of what verify tries (PG108) not even that. */
export function block(verdict: Block, caller: Caller, argv: readonly string[]): void {
  say(blockLines(verdict));
  if (verdict.code === 'PG108') {
    process.exitCode = BLOCKED;
    return;
  }
  endRecorded(BLOCKED, { outcome: 'block', caller, owner: verdict.daemon, argv, rule: verdict.code });
}

/** The config cannot be used and no policy was ever compiled: nobody knows where anything belongs. */
export function endWithoutPolicy(error: ConfigError): void {
  say([
    'pm2-guard: blocked: the config cannot be used, and there is no last good policy',
    ...formatConfigError(error).split('\n').map((line) => `  ${line}`),
    '  run:  sudo pm2-guard check',
    '  or, to run pm2 unguarded this once, as root:  PM2_GUARD=off pm2 ...',
    '  PG301, more with: pm2-guard explain PG301',
  ]);
  process.exitCode = NO_POLICY;
}

/** There is no pm2 to become. */
export function endWithoutPm2(real: Exclude<RealPm2, { type: 'found' }>): void {
  const why = real.type === 'untrusted'
    ? [`${real.bin} is passed over: ${real.distrust.path} ${real.distrust.why}, and root would run it`]
    : real.tried.map(({ path, why: reason }) => `${path} ${reason}`);
  say([
    'pm2-guard: there is no real pm2 to run',
    ...why.map((line) => `  ${line}`),
    '  run:  sudo npm install -g pm2 && sudo pm2-guard install',
    '  PG302, more with: pm2-guard explain PG302',
  ]);
  process.exitCode = NO_REAL_PM2;
}
