import { accessSync, constants, existsSync } from 'node:fs';
import { SHIM_COMMAND } from '../call/hop.ts';
import { askSudo } from '../guard/ask-sudo.ts';
import { readerOf } from '../call/resolve-call.ts';
import { forTypist } from '../verdict/for-reader.ts';
import { mayKeepVariables } from '../guard/sudo-listing.ts';
import { handsEnvironmentOver } from '../pm2/hands-over.ts';
import type { Daemon } from '../policy/policy.ts';
import type { Block, Rewrite } from '../verdict/verdict.ts';
import type { Case } from './case.ts';
import { shellCommand } from './command-line.ts';
import { lineAsOwner, intoShim, type SudoLine } from './rewrite.ts';
import { isOperator } from '../call/operators.ts';
import { canAsk, isListed, mayRun, type RightsAnswer } from './rights.ts';

export type Plan =
  | { type: 'as typed' }
  | { type: 'block'; verdict: Block }
  /** `verdict` null: the guard behind sudo reports it. `cwd`: change to it first. */
  | { type: 'rewritten'; line: SudoLine; cwd: string | null; verdict: Rewrite | null };

const AS_TYPED: Plan = { type: 'as typed' };

/**
 * As typed if that works and sudo allows it; else as the owner; else by our shim. If sudo allows none, as typed, so
 * that sudo prints its own refusal.
 *
 * @param sudo path of the real sudo
 * @param refused sudo already refused the call as typed
 */
export async function sudoPlanOf(one: Case, sudo: string, refused: boolean): Promise<Plan> {
  const { call, target, verdict, login } = one;
  if (verdict.type === 'block') return one.certain ? { type: 'block', verdict: toldTo(one, verdict) } : AS_TYPED;
  const { daemon } = verdict;
  if (daemon === null) return AS_TYPED; // observed, or exempt
  const right = landsRight(one);
  if (right && login.uid === 0) return AS_TYPED;
  const operator = daemon.uid !== target.uid && isOperator(daemon, { uid: login.uid, user: login.name });
  // sudo takes 10 ms for an answer. An operator likely has only the owner's rights, so ask for both at once.
  const early = right && !refused && operator ? ownersPlan(one, daemon, sudo, false) : null;
  if (right && !refused) {
    const answer = await typedAllowed(one, sudo);
    if (answer === 'yes') return AS_TYPED;
    if (answer === 'password')
      return operator && canAsk(call) ? ((await ownersPlan(one, daemon, sudo, true)) ?? AS_TYPED) : AS_TYPED;
  }
  return (await (early ?? ownersPlan(one, daemon, sudo, false))) ?? (await shimPlan(one, sudo)) ?? AS_TYPED;
}

/** The login user types the printed commands, with the rights of its own rules. */
function toldTo({ invocation, caller, policy, login }: Case, verdict: Block): Block {
  if (login.uid === 0) return verdict;
  const typist = { ...caller, uid: login.uid, user: login.name, login: null };
  const ask = askSudo({ hopped: false, acts: true });
  return forTypist(verdict, readerOf({ invocation, caller: typist, policy }, ask, null));
}

/** Whether the call as typed reaches the right daemon. */
function landsRight({ call, target, verdict, reach }: Case): boolean {
  if (reach === 'none' || (call.shell === 'login' && !admits(target.shell))) return false;
  return (
    verdict.type === 'pass' || (reach === 'shim' && verdict.type === 'rewrite' && (!verdict.switch || target.uid === 0))
  );
}

/** A login shell like nologin runs no command: sudo says "This account is currently not available" (T07). */
function admits(shell: string): boolean {
  return !/\/(nologin|false|true)$/.test(shell) && existsSync(shell);
}

async function typedAllowed({ call, target, login }: Case, sudo: string): Promise<RightsAnswer> {
  const shell = call.shell === 'login' ? target.shell : (process.env['SHELL'] ?? login.shell);
  const command = shellCommand(call.words);
  const answer = await isListed(
    sudo,
    call.user,
    call.shell === 'none' || command === null ? call.words : [shell, '-c', command],
  );
  const variables = call.assignments.length > 0 || call.keepEnvironment || call.keep.length > 0;
  return answer === 'yes' && variables && !mayKeepVariables(sudo, target.name, SHIM_COMMAND) ? 'no' : answer;
}

/** Null: no such line is possible, or sudo does not allow it. */
async function ownersPlan(one: Case, daemon: Daemon, sudo: string, ask: boolean): Promise<Plan | null> {
  const { call, payload, target, caller, invocation, login, verdict } = one;
  if (invocation.startup !== null || verdict.type === 'block') return null; // startup is root's work
  const place = placeFor(one);
  if (place === 'elsewhere') return null;
  const sameUser = target.uid === daemon.uid;
  const typist = { env: process.env, homeDirectory: login.homeDirectory };
  const line = lineAsOwner(call, payload, daemon, {
    sameUser,
    caller: typist,
    handsOver: handsEnvironmentOver(invocation),
  });
  if (!(await isAllowed(one, line, sudo, ask))) return null;
  const said: Rewrite =
    verdict.type === 'rewrite'
      ? verdict
      : {
          type: 'rewrite',
          code: verdict.code,
          reason: `typed for ${caller.user}`,
          rule: verdict.rule,
          daemon,
          why: verdict.rule === null ? 'own' : 'rule',
          argv: invocation.argv,
          switch: !sameUser,
          stray: false,
          dropsRunAs: false,
        };
  return { type: 'rewritten', line, cwd: place, verdict: said };
}

/** Without a password, sudo gives the same refusal to allowed and forbidden commands; a listing tells them apart. */
async function isAllowed({ call, payload }: Case, line: SudoLine, sudo: string, ask: boolean): Promise<boolean> {
  const answer = await mayRun(sudo, line, payload.wrappers.length, ask);
  if (answer !== 'password') return answer === 'yes';
  return canAsk(call) && (await isListed(sudo, line.user, line.words)) !== 'no';
}

/** Only if the call as typed would not reach our shim. */
async function shimPlan(one: Case, sudo: string): Promise<Plan | null> {
  const { call, payload, target, verdict, reach } = one;
  if (reach === 'shim' && call.shell !== 'login') return null;
  if (verdict.type === 'rewrite' && verdict.switch && target.uid !== 0) return null;
  const place = placeFor(one);
  if (place === 'elsewhere') return null;
  const line = intoShim(call, payload, target.name);
  return !(await isAllowed(one, line, sudo, false)) ? null : { type: 'rewritten', line, cwd: place, verdict: null };
}

/** -i changes to the target's home directory, which the caller may not be able to enter. Null: stay. */
function placeFor({ call, target, invocation }: Case): string | null {
  if (call.shell !== 'login') return null;
  try {
    accessSync(target.homeDirectory, constants.X_OK);
    return target.homeDirectory;
  } catch {
    const relative = invocation.starts.length > 0 || invocation.targets.some(({ kind }) => kind === 'file');
    return relative ? 'elsewhere' : null;
  }
}
