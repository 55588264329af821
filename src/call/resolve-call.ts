import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Uid } from '../runtime/brands.ts';
import { blockMissingPin } from '../verdict/block.ts';
import type { Caller } from '../verdict/caller.ts';
import { insteadOf } from '../verdict/decide.ts';
import { forReader, type Reader } from '../verdict/for-reader.ts';
import type { Block, Evidence, Rewrite, Suggestion, Verdict } from '../verdict/verdict.ts';
import { callerOf, realpathsOf } from './caller-of.ts';
import { doorOfThisCall } from './door.ts';
import { gatherEvidence, type Gathered, type Means } from './evidence.ts';
import { HOP, SHIM_COMMAND } from './hop.ts';
import { installRecord, BUNDLES } from './installation.ts';
import { isOperator } from './operators.ts';
import { thisHost } from './personal.ts';
import { settleVerdict } from './settle.ts';

/**
 * `to tell`: a block may offer a command. `to set`: that command sets a variable, `sudo -u USER NAME=VALUE ...`. `by
 * name`: it names the shim by `pm2` alone, which sudo-rs accepts only from a rule for ALL.
 */
export type Purpose = 'to run' | 'to tell' | 'to set' | 'by name';

/** Null: sudo allows it, or running will show. Else an explanation. For root by sudo it is about the login user. */
export type AskSudo = (daemon: Daemon, caller: Caller, purpose: Purpose) => string[] | null;

export interface CallRequest extends Omit<Means, 'major'> {
  /** The words after `pm2`. */
  argv: readonly string[];
  /** Effective uid. */
  uid: Uid;
  /** null: the directory was deleted. */
  cwd: string | null;
  policy: Policy;
  /** Unless the daemon pins another one. */
  pm2: InstalledPm2;
  /** null: do not ask sudo. */
  askSudo: AskSudo | null;
}

export interface ResolvedCall {
  invocation: Invocation;
  caller: Caller;
  /** With the personal daemons of this call. */
  policy: Policy;
  verdict: Verdict;
  /** For the record. A verdict hides it from a caller without rights. */
  owner: Daemon | null;
  evidence: Evidence;
  /** Input that was read. Null: not read. */
  stdin: Buffer | null;
  /** Process files that were not read or evaluated. */
  unread: string[];
  pm2: InstalledPm2;
}

/** Used by the guard, `explain`, `guard-verify`, the sudo shim and lint, so that all give the same verdict. */
export async function resolveCall(request: CallRequest): Promise<ResolvedCall> {
  const call = await followPin(request, await resolveWith(request, request.pm2));
  const { verdict, caller } = call;
  const { askSudo } = request;
  if (askSudo === null || verdict.type === 'pass') return call;
  if (caller.uid === 0 && !isTypedToSudo(call, request.env)) return call;
  if (verdict.type === 'block') return { ...call, verdict: forReader(verdict, readerOf(call, askSudo, null)) };
  const refusal = verdict.switch && caller.uid !== 0 ? askSudo(verdict.daemon, caller, 'to run') : null;
  return refusal === null ? call : { ...call, verdict: refusedBySudo(call, verdict, refusal, askSudo) };
}

/** The reader types the next line to sudo as well, unlike in a root shell. */
function isTypedToSudo({ verdict, caller }: ResolvedCall, env: NodeJS.ProcessEnv): boolean {
  return verdict.type === 'block' && caller.rootBySudo && (env['SUDO_COMMAND'] ?? '').includes('pm2');
}

export function refusedBySudo(call: ResolvedCall, verdict: Rewrite, refusal: string[], askSudo: AskSudo): Block {
  const instead = insteadOf(verdict, call);
  const told = { ...instead, details: [...instead.details, ...refusal] };
  return forReader(told, readerOf(call, askSudo, verdict.daemon));
}

/** @param refused sudo refused this daemon */
export function readerOf(
  { invocation, caller, policy }: Pick<ResolvedCall, 'invocation' | 'caller' | 'policy'>,
  askSudo: AskSudo,
  refused: Daemon | null,
): Reader {
  const typist = caller.uid === 0 && caller.login !== null ? caller.login : caller.user;
  const answers = new Map<string, boolean>(refused === null ? [] : [[refused.name, false]]);
  const mayBecome = (daemon: Daemon): boolean => {
    const may = answers.get(daemon.name) ?? askSudo(daemon, caller, 'to tell') === null;
    answers.set(daemon.name, may);
    return may;
  };
  return {
    invocation,
    caller,
    policy,
    mayBecome,
    asAllowed: (command, daemon) => {
      if (typist === daemon.user) return command.slice(SUDO_WORDS);
      if (!mayBecome(daemon)) return null;
      if (askSudo(daemon, caller, 'to set') !== null) return withoutVariables(command, daemon);
      return askSudo(daemon, caller, 'by name') === null ? command : withPath(command);
    },
    isOperator: policy.daemons.some((daemon) => isOperator(daemon, caller)),
  };
}

/** `sudo -u USER`. The user, too, may be called pm2. */
const SUDO_WORDS = 3;

/**
 * For a rule without SETENV: the shim gets the daemon's name, which replaces PM2_HOME (T09). Null: other variables are
 * needed.
 */
function withoutVariables(command: Suggestion, daemon: Daemon): Suggestion | null {
  const pm2 = command.indexOf('pm2', SUDO_WORDS);
  const variables = command.slice(SUDO_WORDS, pm2);
  return pm2 >= 0 && variables.every((word) => word === `PM2_HOME=${daemon.pm2Home}`)
    ? [...command.slice(0, SUDO_WORDS), SHIM_COMMAND, HOP + daemon.name, ...command.slice(pm2 + 1)]
    : null;
}

function withPath(command: Suggestion): Suggestion {
  const pm2 = command.indexOf('pm2', SUDO_WORDS);
  return command.map((word, at) => (at === pm2 ? SHIM_COMMAND : word));
}

async function resolveWith(request: CallRequest, pm2: InstalledPm2): Promise<ResolvedCall> {
  const { argv, env, uid, cwd } = request;
  const invocation = interpret(argv, { major: pm2.major, env, cwd: cwd ?? '/' });
  const caller = callerOf(env, uid, pm2.major, cwd, request.policy);
  const found: Gathered = { evidence: { realpaths: realpathsOf(invocation) }, stdin: null, unread: [] };
  const means = { ...request, major: pm2.major };
  const settled = await settleVerdict({
    invocation,
    caller,
    policy: request.policy,
    accounts: thisHost,
    found,
    look: (more, policy, so) => gatherEvidence(more, invocation, caller, policy, so, means),
  });
  return { invocation, caller, owner: settled.verdict.daemon, pm2, ...settled };
}

/** A pinned pm2 may have another major version, and then the arguments are parsed again. */
async function followPin(request: CallRequest, first: ResolvedCall): Promise<ResolvedCall> {
  const { verdict, pm2 } = first;
  const pin = verdict.type === 'block' ? null : (verdict.daemon?.pm2 ?? null);
  const wanted = pin ?? pm2ForOwner(verdict);
  if (wanted === null || wanted === pm2.bin || wanted === pm2.file) return first;
  const found = findRealPm2({ recorded: wanted, path: undefined, skip: [BUNDLES], asRoot: false });
  if (found.type !== 'found') {
    return pin === null ? first : { ...first, verdict: blockMissingPin(first.invocation, verdict, pin) };
  }
  return found.major === pm2.major ? { ...first, pm2: found } : resolveWith(request, found);
}

/** Instead of a sealed pm2, which may be below /root/.nvm, where the owner cannot read. Null: no other. */
function pm2ForOwner(verdict: Verdict): string | null {
  return doorOfThisCall() !== null && verdict.type === 'rewrite' && verdict.switch
    ? (installRecord()?.pm2 ?? null)
    : null;
}
