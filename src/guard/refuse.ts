import { formatConfigError, type ConfigError } from '../policy/config-error.ts';
import { checkLine } from '../policy/places.ts';
import { repairsOfPm2 } from '../pm2/give-to-root.ts';
import type { RealPm2 } from '../pm2/installed.ts';
import { pinAdvice } from '../pm2/pin-advice.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Block } from '../verdict/verdict.ts';
import { beginningOf, listDirectory } from '../runtime/peek.ts';
import { installPm2Line, rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { endRecorded } from './record.ts';
import { blockLines, say } from './report.ts';

/** The guard's own statuses (docs/contract.md section 4). All others are pm2's. */
export const BLOCKED = 126;
const NO_REAL_PM2 = 127;
const NO_POLICY = 78;

/** Prints and records a block. A test call of verify (PG108) is not recorded. */
export function block(verdict: Block, caller: Caller, invocation: Invocation): void {
  say(blockLines(verdict, invocation));
  if (verdict.code === 'PG108') {
    process.exitCode = BLOCKED;
    return;
  }
  endRecorded(BLOCKED, { outcome: 'block', caller, owner: verdict.daemon, argv: invocation.argv, rule: verdict.code });
}

/** Blocks a call that cannot be carried out. @throws every other error */
export function endWithError(error: unknown, caller: Caller, invocation: Invocation): void {
  if (!(error instanceof CannotCarryOut)) throw error;
  const { code, message, details, advice } = error;
  block({ type: 'block', code, reason: message, rule: null, daemon: null, details, advice }, caller, invocation);
}

export function endWithoutPolicy(error: ConfigError): void {
  say(
    [
      'pm2-guard: blocked (PG301): nothing was run',
      'The config cannot be used, and there is no last good policy. Running apps are not affected.',
      ...formatConfigError(error).split('\n'),
      `fix:      ${repairOf(error)}`,
      'details:  pm2-guard explain PG301',
    ].map((line, at) => (at === 0 ? line : `  ${line}`)),
  );
  process.exitCode = NO_POLICY;
}

/** @param config path of the config in force */
export function endWithoutPm2(real: Exclude<RealPm2, { type: 'found' }>, config: string): void {
  const version = runningVersion();
  const running = version === null ? '' : ` The running daemons are of PM2 ${version}.`;
  const advice = real.type === 'none' ? pinAdvice(real.tried, config) : null;
  // An untrusted pm2 is made root's. Another pm2 may have another version than the daemons.
  const install = `${installPm2Line(version)} && ${rootCommandLine('install')}`;
  const [repair, other] =
    real.type === 'untrusted'
      ? [`as root:  ${[...repairsOfPm2(real, real.distrust), ['pm2-guard', 'install']].map(quoteCommand).join(' && ')}`]
      : advice === null
        ? [install]
        : [advice.fix, install];
  const why =
    real.type === 'untrusted'
      ? [`${real.bin} is passed over: ${real.distrust.path} ${real.distrust.why}, and root would run it`]
      : real.tried.flatMap(({ path, why: reason, behind = [] }) => [
          `${path} ${reason}`,
          ...behind.map((bin) => `  ${bin}`),
        ]);
  say(
    [
      'pm2-guard: blocked (PG302): PM2 itself is not installed',
      `Running apps are not affected.${running} Looked at:`,
      ...why.map((line) => `  ${line}`),
      `fix:      ${repair}`,
      ...(other === undefined ? [] : [`or:       ${other}`]),
      'details:  pm2-guard explain PG302',
    ].map((line, at) => (at === 0 ? line : `  ${line}`)),
  );
  process.exitCode = NO_REAL_PM2;
}

function repairOf({ kind, file, expected }: ConfigError): string {
  const [, command] = /: (sudo .*)$/.exec(expected ?? '') ?? [];
  if (command === undefined) return `correct what is shown above, then: ${checkLine(file)}`;
  return kind === 'untrusted'
    ? `read the file first, others could have changed it; then:  ${command} && ${checkLine(file)}`
    : command;
}

/** Bytes. A process can give itself a title of any length. */
const LONGEST_TITLE = 100;

/**
 * A newer client would replace daemons of this version. Process titles can be forged, so only digits count.
 * Null: no daemon runs.
 */
function runningVersion(): string | null {
  for (const pid of listDirectory('/proc').filter((name) => /^\d+$/.test(name))) {
    const [, version] =
      /^PM2 v(\d{1,3}\.\d{1,4}\.\d{1,4}): God Daemon/.exec(beginningOf(`/proc/${pid}/cmdline`, LONGEST_TITLE)) ?? [];
    if (version !== undefined) return version;
  }
  return null;
}
