import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { blockMissingPin } from '../verdict/block.ts';
import type { Caller } from '../verdict/caller.ts';
import { insteadOf } from '../verdict/decide.ts';
import { forReader, type Reader } from '../verdict/for-reader.ts';
import type { Block, Evidence, Rewrite, Verdict } from '../verdict/verdict.ts';
import { callerOf, realpathsOf } from './caller-of.ts';
import { doorOfThisCall } from './door.ts';
import { gatherEvidence, type Gathered, type Means } from './evidence.ts';
import { installRecord, BUNDLES } from './installation.ts';
import { isOperator } from './operators.ts';
import { thisHost } from './personal.ts';
import { settleVerdict } from './settle.ts';

/**
 * What is known of whether sudo lets the caller become a daemon's user.
 *
 * @param purpose `to run`: the call itself asks, where it is going to be run; `to tell`: a block may offer a command
 * @returns null: yes, or to be learned by running it; else what a caller should know of the refusal, in lines
 */
export type AskSudo = (daemon: Daemon, caller: Caller, purpose: 'to run' | 'to tell') => string[] | null;

/** One call, as it was typed or read somewhere. */
export interface CallRequest extends Omit<Means, 'major'> {
  /** The words after `pm2`. */
  argv: readonly string[];
  /** The effective user of the call. */
  uid: number;
  /** Where it is made; null where that directory was deleted. */
  cwd: string | null;
  policy: Policy;
  /** The pm2 that would run it, unless its daemon pins another. */
  pm2: InstalledPm2;
  /** null: whether sudo allows a rewrite is not asked. */
  askSudo: AskSudo | null;
}

/** One call, understood: what is asked, by whom, of which pm2, and what follows. */
export interface ResolvedCall {
  invocation: Invocation;
  caller: Caller;
  /** With the personal daemons that this call is about. */
  policy: Policy;
  verdict: Verdict;
  /** The daemon that the call belongs to, for the record: a verdict does not tell it to a caller without rights. */
  owner: Daemon | null;
  evidence: Evidence;
  /** Standard input that was read to find a process file's apps; null: untouched. */
  stdin: Buffer | null;
  /** Process files that could not be read or were not evaluated. */
  unread: string[];
  /** The real pm2 that runs it. */
  pm2: InstalledPm2;
}

/**
 * The one way from a command line to a verdict: for the guard, `explain`, `guard-verify`, the sudo shim, and lint. A
 * dry run differs in its means alone.
 */
export async function resolveCall(request: CallRequest): Promise<ResolvedCall> {
  const call = await followPin(request, await resolveWith(request, request.pm2));
  const { verdict, caller } = call;
  const { askSudo } = request;
  if (caller.uid === 0 || askSudo === null || verdict.type === 'pass') return call;
  if (verdict.type === 'block') return { ...call, verdict: forReader(verdict, readerOf(call, askSudo, null)) };
  const refusal = verdict.switch ? askSudo(verdict.daemon, caller, 'to run') : null;
  return refusal === null ? call : { ...call, verdict: refusedBySudo(call, verdict, refusal, askSudo) };
}

/** The block that a caller is shown whom sudo does not let become the owner. */
export function refusedBySudo(call: ResolvedCall, verdict: Rewrite, refusal: string[], askSudo: AskSudo): Block {
  const instead = insteadOf(verdict, call);
  const told = { ...instead, details: [...instead.details, ...refusal] };
  return forReader(told, readerOf(call, askSudo, verdict.daemon));
}

/** @param refused sudo has said no for this daemon */
function readerOf({ invocation, caller, policy }: ResolvedCall, askSudo: AskSudo, refused: Daemon | null): Reader {
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
    isOperator: policy.daemons.some((daemon) => isOperator(daemon, caller)),
  };
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

/** A daemon's pinned pm2 may speak another grammar than the host's: then the same words are read once more. */
async function followPin(request: CallRequest, first: ResolvedCall): Promise<ResolvedCall> {
  const { verdict, pm2 } = first;
  const pin = verdict.type === 'block' ? null : (verdict.daemon?.pm2 ?? null);
  const wanted = pin ?? hostsOwn(verdict);
  if (wanted === null || wanted === pm2.bin || wanted === pm2.file) return first;
  const found = findRealPm2({ recorded: wanted, path: undefined, skip: [BUNDLES], asRoot: false });
  if (found.type !== 'found') {
    return pin === null ? first : { ...first, verdict: blockMissingPin(first.invocation, verdict, pin) };
  }
  return found.major === pm2.major ? { ...first, pm2: found } : resolveWith(request, found);
}

/**
 * Root's door may be below /root/.nvm, where the owner cannot go: the host's pm2 runs what root hands to another user.
 */
function hostsOwn(verdict: Verdict): string | null {
  return doorOfThisCall() !== null && verdict.type === 'rewrite' && verdict.switch
    ? (installRecord()?.pm2 ?? null)
    : null;
}
