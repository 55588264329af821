import { callerFrom } from '../call/caller-of.ts';
import { interpret } from '../pm2/interpret.ts';
import type { App, Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { shown } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import { decide } from '../verdict/decide.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Advice, Evidence, FileApps, Verdict } from '../verdict/verdict.ts';
import { assumedAccount } from './accounts.ts';
import type { Call } from './model.ts';

/** What the guard's verdict says of a call, as far as the file tells who makes it. */
export type Judgement =
  /** There is no config, or the call is about no daemon. */
  | { kind: 'none' }
  /** A container's or a throwaway runner's own. */
  | { kind: 'own world' }
  | { kind: 'cannot tell'; why: string }
  | { kind: 'right'; daemon: Daemon | null }
  /** For these users only; the file names none. */
  | { kind: 'right for'; users: readonly string[]; daemon: Daemon }
  | {
      kind: 'wrong';
      code: string;
      /** The words of the file and the config say so for certain. */
      certain: boolean;
      reason: string;
      daemon: Daemon | null;
      /** What to type instead. */
      run: readonly string[];
    };

export interface Judged extends Call {
  invocation: Invocation;
  judgement: Judgement;
}

/** Paths that are relative to an unknown directory are below none of a config's. */
const UNKNOWN_DIRECTORY = '/\u0000unknown';
const MAJOR = 7;

/** The apps of a process file as they are written down; null: they are not. */
export type StaticApps = (path: string) => App[] | null;

/** What a call asks for, whichever user makes it. */
export function invocationOf(call: Call): Invocation {
  return interpret(
    call.words.map(({ text }) => text),
    { major: MAJOR, env: {}, cwd: call.cwd ?? UNKNOWN_DIRECTORY },
  );
}

/**
 * The one place where lint asks whose an app is: the guard's own verdict, for a caller as the file describes it.
 */
export function judge(call: Call, policy: Policy | null, staticApps: StaticApps): Judged {
  const invocation = invocationOf(call);
  return { ...call, invocation, judgement: judgementOf(call, invocation, policy, staticApps) };
}

function judgementOf(call: Call, invocation: Invocation, policy: Policy | null, staticApps: StaticApps): Judgement {
  if (call.world.kind === 'container' || call.world.kind === 'throwaway runner') return { kind: 'own world' };
  if (invocation.scope === 'pure' || invocation.scope === 'deploy' || invocation.command === null)
    return { kind: 'none' };
  if (call.world.kind === 'variable host')
    return { kind: 'cannot tell', why: `the host is known only when it runs: ${call.world.text}` };
  if (call.user.kind === 'variable')
    return { kind: 'cannot tell', why: `the user is known only when it runs: ${call.user.text}` };
  const unknown = [
    ['PM2_HOME', call.pm2Home],
    ['HOME', call.home],
  ] as const;
  if (policy === null) return { kind: 'none' };
  for (const [name, setting] of unknown)
    if (setting?.value === null) return { kind: 'cannot tell', why: `${name} is known only when it runs` };
  if (call.user.kind === 'known') return judgedAs(call.user.name, call, invocation, policy, staticApps);
  return judgedForEach(call, invocation, policy, staticApps);
}

/** The file names no user: for which of the config's is the call right? */
function judgedForEach(call: Call, invocation: Invocation, policy: Policy, staticApps: StaticApps): Judgement {
  const users = [...new Set(policy.daemons.map(({ user }) => user))];
  const judged = users.map((user) => ({ user, judgement: judgedAs(user, call, invocation, policy, staticApps) }));
  const right = judged.filter(({ judgement }) => judgement.kind === 'right');
  const [first] = right;
  const daemon = first?.judgement.kind === 'right' ? first.judgement.daemon : null;
  if (right.length === 1 && daemon) return { kind: 'right for', users: right.map(({ user }) => user), daemon };
  if (right.length > 1)
    return { kind: 'cannot tell', why: 'the file names no user, and the config does not name the app' };
  return judged[0]?.judgement ?? { kind: 'none' };
}

function judgedAs(user: string, call: Call, invocation: Invocation, policy: Policy, staticApps: StaticApps): Judgement {
  const caller = callerOf(user, call, policy);
  const isDeclared = policy.daemons.some((daemon) => daemon.uid === caller.uid);
  if (!isDeclared && policy.personal?.matchesUser(caller.user) === true) return { kind: 'right', daemon: null };
  const verdict = verdictOf(invocation, caller, policy, staticApps);
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
    shown(invocation.startup ? ['sudo', 'pm2', ...verdict.argv] : commandFor(verdict.daemon, caller, verdict.argv)),
  ];
}

/** What is offered without a choice; a way past the guard is none. */
function commandsOf(advice: Advice): string[] {
  switch (advice.label) {
    case 'run':
      return [shown(advice.command)];
    case 'run all':
      return advice.commands.map(({ command }) => shown(command));
    case 'choose':
    case 'fix':
    case 'ask':
    case 'bypass':
      return [];
  }
}

/** A caller as src/call would describe it, had it been seen: a fresh login, with what the file sets. */
export function callerOf(user: string, call: Call, policy: Policy): Caller {
  const account = assumedAccount(user);
  const env: NodeJS.ProcessEnv = { HOME: account.homeDirectory, USER: account.name, PATH: '/usr/bin:/bin' };
  const set = (name: string, value: string | null | undefined): void => {
    if (typeof value === 'string' && value !== '') env[name] = value.replace(/^~(?=\/|$)/, account.homeDirectory);
  };
  set('HOME', call.home?.value);
  set('PM2_HOME', call.pm2Home?.value);
  const person = {
    uid: account.uid,
    user: account.name,
    passwdHome: account.homeDirectory,
    login: null,
    rootBySudo: account.uid === 0 && call.forms.includes('sudo'),
  };
  return callerFrom(person, env, MAJOR, call.cwd ?? UNKNOWN_DIRECTORY, policy);
}

/** No daemon is asked, and none is thought to live: what a list would tell is not known to lint. */
function verdictOf(invocation: Invocation, caller: Caller, policy: Policy, staticApps: StaticApps): Verdict {
  let evidence: Evidence = { realpaths: new Map() };
  for (;;) {
    const verdict = decide(invocation, caller, policy, evidence);
    if (verdict.type !== 'more') return verdict;
    switch (verdict.wants) {
      case 'sights':
        evidence = { ...evidence, sights: [] };
        break;
      case 'own':
        evidence = { ...evidence, own: { state: 'none', user: null, apps: [] } };
        break;
      case 'root unit':
        evidence = { ...evidence, rootUnit: false };
        break;
      case 'files':
        evidence = { ...evidence, files: filesOf(invocation, staticApps) };
    }
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
