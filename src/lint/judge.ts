import { callerFrom } from '../call/caller-of.ts';
import { settleVerdict } from '../call/settle.ts';
import { interpret } from '../pm2/interpret.ts';
import type { App, Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Advice, Evidence, FileApps, More, Verdict } from '../verdict/verdict.ts';
import { assumedAccount, assumedAccounts, mayBeMember } from './accounts.ts';
import type { LintCall } from './model.ts';

/** The guard's verdict on a call, as far as the file shows which user makes it. */
export type Judgement =
  /** There is no config, or the call is about no daemon. */
  | { kind: 'none' }
  /** A container or a throwaway runner has its own daemon. */
  | { kind: 'own world' }
  | { kind: 'cannot tell'; why: string }
  | { kind: 'right'; daemon: Daemon | null }
  /** Right only for these users; the file names none. */
  | { kind: 'right for'; users: readonly string[]; daemon: Daemon }
  | {
      kind: 'wrong';
      code: Verdict['code'];
      /** File and config leave no doubt. */
      certain: boolean;
      reason: string;
      daemon: Daemon | null;
      /** The commands to type instead. */
      run: readonly string[];
    };

export interface Judged extends LintCall {
  invocation: Invocation;
  judgement: Judgement;
}

/** Stands for an unknown directory. No path of a config matches it. */
const UNKNOWN_DIRECTORY = '/\u0000unknown';
const MAJOR = 7;

/** The literal app names of a process file; null: they are computed. */
export type StaticApps = (path: string) => App[] | null;

/** The meaning of a call, whichever user makes it. */
export function invocationOf(call: LintCall): Invocation {
  return interpret(
    call.words.map(({ text }) => text),
    { major: MAJOR, env: {}, cwd: call.cwd ?? UNKNOWN_DIRECTORY },
  );
}

/** The guard's own verdict for a caller as the file describes it. Only this decides which daemon owns an app. */
export async function judge(call: LintCall, policy: Policy | null, staticApps: StaticApps): Promise<Judged> {
  const invocation = invocationOf(call);
  const judgement = withoutPolicy(call, invocation) ?? (await judgementOf({ call, invocation, policy, staticApps }));
  return { ...call, invocation, judgement };
}

/** A call and its config. */
interface Case<P extends Policy | null = Policy> {
  call: LintCall;
  invocation: Invocation;
  policy: P;
  staticApps: StaticApps;
}

function withoutPolicy(call: LintCall, { scope, command }: Invocation): Judgement | null {
  if (call.world.kind === 'container' || call.world.kind === 'throwaway runner') return { kind: 'own world' };
  if (scope === 'pure' || scope === 'deploy' || command === null) return { kind: 'none' };
  if (call.world.kind === 'variable host')
    return { kind: 'cannot tell', why: `the host is known only when it runs: ${call.world.text}` };
  if (call.user.kind === 'variable')
    return { kind: 'cannot tell', why: `the user is known only when it runs: ${call.user.text}` };
  return null;
}

async function judgementOf({ policy, ...one }: Case<Policy | null>): Promise<Judgement> {
  if (policy === null) return { kind: 'none' };
  const { user, pm2Home, homeDirectory } = one.call;
  if (pm2Home?.value === null) return { kind: 'cannot tell', why: 'PM2_HOME is known only when it runs' };
  if (homeDirectory?.value === null) return { kind: 'cannot tell', why: 'HOME is known only when it runs' };
  return user.kind === 'known' ? judgedAs(user.name, { ...one, policy }) : judgedForEach({ ...one, policy });
}

/** Stands for the users of `personal`. No account has this name. */
const PERSONAL_USER = '\u0000personal';

/** The file names no user: finds the users of the config for which the call is right. */
async function judgedForEach(one: Case): Promise<Judgement> {
  const { policy } = one;
  const users = [...new Set(policy.daemons.map(({ user }) => user))];
  const judged = await Promise.all(users.map((user) => judgedAs(user, one)));
  const right = users.filter((_, at) => judged[at]?.kind === 'right');
  const first = judged.find(({ kind }) => kind === 'right');
  const daemon = first?.kind === 'right' ? first.daemon : null;
  const personal = policy.personal !== null && (await judgedWith('all', PERSONAL_USER, one)).kind === 'right';
  if (right.length === 1 && daemon && !personal) return { kind: 'right for', users: right, daemon };
  if (right.length > 0 || personal)
    return { kind: 'cannot tell', why: 'the file names no user, and the config does not name the app' };
  return judged[0] ?? { kind: 'none' };
}

async function judgedAs(user: string, one: Case): Promise<Judgement> {
  const judgement = await judgedWith('known', user, one);
  if (!mayBeMember(user, one.policy)) return judgement;
  const asMember = await judgedWith('all', user, one);
  if (asMember.kind === judgement.kind) return judgement;
  const groups = (one.policy.personal?.groups ?? []).map((group) => `%${group}`).join(', ');
  return { kind: 'cannot tell', why: `whether ${user} is in ${groups} (personal) is known on its host only` };
}

async function judgedWith(members: 'known' | 'all', user: string, one: Case): Promise<Judgement> {
  const { call, invocation, policy } = one;
  const caller = assumedCaller(user, call, policy);
  const { verdict } = await settleVerdict<{ evidence: Evidence }>({
    invocation,
    caller,
    policy,
    accounts: assumedAccounts(members),
    found: { evidence: { realpaths: new Map() } },
    look: ({ wants }, _policy, { evidence }) => ({ evidence: { ...evidence, ...evidenceOf(wants, one) } }),
  });
  if (verdict.type === 'pass') return { kind: 'right', daemon: verdict.daemon };
  const named = [...invocation.targets.map(({ word }) => word), ...invocation.starts.map(({ name }) => name ?? '')];
  const vague = call.words.some(
    ({ certain, text }) => !certain && named.some((name) => name.includes(text) || text.includes(name)),
  );
  const elsewhere = call.world.kind !== 'here';
  const evident = verdict.rule !== null || verdict.code === 'PG107' || verdict.code === 'PG104';
  return {
    kind: 'wrong',
    code: verdict.code,
    certain: evident && !vague && !elsewhere && call.user.kind === 'known',
    reason: verdict.reason,
    daemon: verdict.daemon,
    run: runOf(verdict, invocation, caller),
  };
}

function runOf(verdict: Exclude<Verdict, { type: 'pass' }>, invocation: Invocation, caller: Caller): string[] {
  if (verdict.type === 'block') return verdict.advice.flatMap(commandsOf);
  return [
    quoteCommand(
      invocation.startup ? ['sudo', 'pm2', ...verdict.argv] : commandFor(verdict.daemon, caller, verdict.argv),
    ),
  ];
}

/** The commands that need no choice, without those that bypass the guard. */
function commandsOf(advice: Advice): string[] {
  switch (advice.label) {
    case 'run':
      return [quoteCommand(advice.command)];
    case 'run all':
      return advice.commands.map(({ command }) => quoteCommand(command));
    case 'choose':
    case 'fix':
    case 'ask':
    case 'bypass':
      return [];
  }
}

/** A caller as src/call would describe it: a fresh login, plus the variables that the file sets. */
export function assumedCaller(user: string, call: LintCall, policy: Policy): Caller {
  const account = assumedAccount(user);
  const env: NodeJS.ProcessEnv = { HOME: account.homeDirectory, USER: account.name, PATH: '/usr/bin:/bin' };
  const set = (name: string, value: string | null | undefined): void => {
    if (typeof value === 'string' && value !== '') env[name] = value.replace(/^~(?=\/|$)/, account.homeDirectory);
  };
  set('HOME', call.homeDirectory?.value);
  set('PM2_HOME', call.pm2Home?.value);
  const person = {
    uid: account.uid,
    user: account.name,
    homeDirectory: account.homeDirectory,
    login: null,
    rootBySudo: account.uid === 0 && call.forms.includes('sudo'),
  };
  return callerFrom(person, env, MAJOR, call.cwd ?? UNKNOWN_DIRECTORY, policy);
}

/** Lint asks no daemon and assumes that none runs. */
function evidenceOf(wants: More['wants'], { invocation, staticApps }: Case): Partial<Evidence> {
  switch (wants) {
    case 'sights':
      return { sights: [] };
    case 'own':
      return { own: { state: 'none', user: null, apps: [] } };
    case 'root unit':
      return { rootUnit: false };
    case 'files':
      return { files: filesOf(invocation, staticApps) };
  }
}

function filesOf({ targets }: Invocation, staticApps: StaticApps): Map<string, FileApps> {
  const files = new Map<string, FileApps>();
  for (const target of targets) {
    if (target.kind === 'file') files.set(target.path, staticApps(target.word));
    if (target.kind === 'stdin') files.set('-', null);
  }
  return files;
}
