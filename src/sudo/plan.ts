import { accessSync, constants, existsSync } from 'node:fs';
import { SHIM_COMMAND } from '../call/hop.ts';
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
  /** `verdict`: what is said and recorded of it; null: the guard behind sudo will say it. `cwd`: to go to first. */
  | { type: 'rewritten'; line: SudoLine; cwd: string | null; verdict: Rewrite | null };

const AS_TYPED: Plan = { type: 'as typed' };

/**
 * What the call should be. As typed wherever that lands right and sudo allows it: then the guard behind sudo does the
 * rest. Else as the owner, else into our shim; each only where sudo's own rules allow it. Where none of it is allowed,
 * as typed again: sudo says no in its own words.
 *
 * @param sudo absolute path of the real one, which is asked and never believed to be ours
 * @param refused it was asked about the call as typed already, and says no
 */
export async function sudoPlanOf(one: Case, sudo: string, refused: boolean): Promise<Plan> {
  const { call, target, verdict, login } = one;
  if (verdict.type === 'block') return one.certain ? { type: 'block', verdict } : AS_TYPED;
  const { daemon } = verdict;
  if (daemon === null) return AS_TYPED; // observed, or exempt
  const right = landsRight(one);
  if (right && login.uid === 0) return AS_TYPED;
  const operator = daemon.uid !== target.uid && isOperator(daemon, { uid: login.uid, user: login.name });
  // Each question takes sudo 10 ms. An operator's rights are likely to be the owner's only: both are asked about at
  // once.
  const early = right && !refused && operator ? ownersPlan(one, daemon, sudo, false) : null;
  if (right && !refused) {
    const answer = await typedAllowed(one, sudo);
    if (answer === 'yes') return AS_TYPED;
    if (answer === 'password')
      return operator && canAsk(call) ? ((await ownersPlan(one, daemon, sudo, true)) ?? AS_TYPED) : AS_TYPED;
  }
  return (await (early ?? ownersPlan(one, daemon, sudo, false))) ?? (await shimPlan(one, sudo)) ?? AS_TYPED;
}

/** Whether the guard behind sudo, or pm2 itself where there is nothing to put right, ends where it should. */
function landsRight({ call, target, verdict, reach }: Case): boolean {
  if (reach === 'none' || (call.shell === 'login' && !admits(target.shell))) return false;
  return (
    verdict.type === 'pass' || (reach === 'shim' && verdict.type === 'rewrite' && (!verdict.switch || target.uid === 0))
  );
}

/**
 * A login shell that runs commands: `sudo -i` to an account without one answers "This account is currently not
 * available" (T07).
 */
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

/** Into our shim as the owner; null: it cannot be said so, or sudo does not allow it. */
async function ownersPlan(one: Case, daemon: Daemon, sudo: string, ask: boolean): Promise<Plan | null> {
  const { call, payload, target, caller, invocation, login, verdict } = one;
  if (invocation.startup !== null || verdict.type === 'block') return null; // startup is root's work
  const place = placeFor(one);
  if (place === 'elsewhere') return null;
  const sameUser = target.uid === daemon.uid;
  const typist = { env: process.env, home: login.home };
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
          argv: invocation.argv,
          switch: !sameUser,
          stray: false,
          dropsRunAs: false,
        };
  return { type: 'rewritten', line, cwd: place, verdict: said };
}

/**
 * Whether sudo runs this line. Without a password it says the same of a command that needs one and of one that no
 * password would allow; a listing tells these apart, where a person can type one.
 */
async function isAllowed({ call, payload }: Case, line: SudoLine, sudo: string, ask: boolean): Promise<boolean> {
  const answer = await mayRun(sudo, line, payload.wrappers.length, ask);
  if (answer !== 'password') return answer === 'yes';
  return canAsk(call) && (await isListed(sudo, line.user, line.words)) !== 'no';
}

/** The user as typed, the command our shim: only where the word or the login shell leads elsewhere. */
async function shimPlan(one: Case, sudo: string): Promise<Plan | null> {
  const { call, payload, target, verdict, reach } = one;
  if (reach === 'shim' && call.shell !== 'login') return null;
  if (verdict.type === 'rewrite' && verdict.switch && target.uid !== 0) return null;
  const place = placeFor(one);
  if (place === 'elsewhere') return null;
  const line = intoShim(call, payload, target.name);
  return !(await isAllowed(one, line, sudo, false)) ? null : { type: 'rewritten', line, cwd: place, verdict: null };
}

/** -i goes to the target's home first, which others may not be able to enter. null: where we are. */
function placeFor({ call, target, invocation }: Case): string | null {
  if (call.shell !== 'login') return null;
  try {
    accessSync(target.home, constants.X_OK);
    return target.home;
  } catch {
    const relative = invocation.starts.length > 0 || invocation.targets.some(({ kind }) => kind === 'file');
    return relative ? 'elsewhere' : null;
  }
}
