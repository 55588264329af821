import type { ResolvedCall } from '../call/resolve-call.ts';
import { checkLine, isStandardConfig } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import type { Advice, Block, Verdict } from '../verdict/verdict.ts';
import { callOf } from '../verdict/words.ts';
import { say } from './report.ts';
import { lostLines } from './variables.ts';

/**
 * Sets PM2_HOME for a call that came through sudo for a daemon by its name: env_reset removes the variable. Any user
 * can type that name, so it selects only among the caller's own declared daemons.
 */
export function enterDaemon(decided: string, policy: Policy): void {
  const daemon = policy.daemons.find(({ name, uid }) => name === decided && uid === process.geteuid?.());
  if (daemon) process.env['PM2_HOME'] = daemon.pm2Home;
  Reflect.deleteProperty(process.env, 'PM2_GUARD');
}

/** The verdict on a call that would go through sudo: a block if PM2_GUARD_CONFIG decided it, which sudo drops. */
export function withSudosConfig({ verdict, invocation, caller, policy }: ResolvedCall): Verdict {
  const goesThroughSudo = verdict.type === 'rewrite' && verdict.switch && caller.uid !== 0;
  if (!goesThroughSudo || isStandardConfig(policy.file)) return verdict;
  return undeclared(
    `${callOf(invocation)} would go through sudo, which drops PM2_GUARD_CONFIG: ${policy.file} does not count there.`,
    'unset PM2_GUARD_CONFIG, and type it again',
  );
}

/**
 * The verdict on a call that came through sudo for a daemon by its name: a block if the config declares no such
 * daemon, because the call would run in another one.
 */
export function withDeclared(decided: string, { verdict, invocation, caller, policy }: ResolvedCall): Verdict {
  const isDeclared = policy.daemons.some(({ name, uid }) => name === decided && uid === caller.uid);
  if (isDeclared || verdict.type === 'block') return verdict;
  return undeclared(
    `${callOf(invocation)} came through sudo for daemon "${decided}", and ${policy.file} declares no such daemon of ` +
      `${caller.user}.`,
    `declare it there, then:  ${checkLine(policy.file)}`,
  );
}

function undeclared(reason: string, fix: string): Block {
  const advice: Advice[] = [{ label: 'fix', text: fix }];
  return { type: 'block', code: 'PG105', reason, rule: null, daemon: null, details: [], advice };
}

/** Reports the variables that sudo dropped. Sets PWD as a shell does. */
export function replaceLost(kept: readonly string[], { invocation, caller }: ResolvedCall): void {
  const lost = kept.filter((name) => process.env[name] === undefined);
  const reported = lost.filter((name) => name !== 'PWD');
  say(lostLines(reported, invocation));
  if (lost.includes('PWD') && caller.cwd !== null) process.env['PWD'] = caller.cwd;
}
