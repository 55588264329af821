import type { App, Invocation, Start, Target } from '../pm2/invocation.ts';
import {
  narrowByPath,
  ownersOfPath,
  ownersOfTraits,
  traitsOf,
  type AppTraits,
  type RealpathOf,
} from '../policy/app-owners.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import { classOf, type CommandClass } from './command-class.ts';
import type { Evidence, Subject } from './verdict.ts';

/** The owner of one thing in the command line. */
export interface Claim {
  /** For messages: a target, or the name of a new app. */
  what: string;
  /** The target or start. For an app of a process file: that of the file. */
  of: Subject;
  /** The app's name in a process file. Null: typed in the command line. */
  fromFile: string | null;
  /** At most one for each daemon. Empty: unknown to rules and lists. */
  rules: Rule[];
  /** It runs in the caller's own undeclared daemon. */
  inOwn: boolean;
}

interface Question extends Pick<Claim, 'what' | 'of' | 'fromFile'>, AppTraits {
  /** About an app that may run already, so lists are evidence. A new app ignores lists. */
  runs: boolean;
}

export type Claims =
  /** `loose`: `all`, ids and regular expressions that the config does not assign. */
  { type: 'claims'; claims: Claim[]; loose: Target[] } | { type: 'more'; wants: 'files' | 'sights' | 'own' };

/**
 * The first match decides (docs/contract.md section 3): name, path, process file, lists of declared daemons, own
 * daemon.
 * @param ownDeclared the caller's own daemon is declared, so its list is among the sights
 */
export function claimsOf(
  invocation: Invocation,
  caller: Caller,
  policy: Policy,
  evidence: Evidence,
  ownDeclared: boolean,
): Claims {
  const kind = classOf(invocation);
  const found = questionsOf(invocation, policy, evidence);
  if (found === 'more') return { type: 'more', wants: 'files' };
  const { questions, loose } = found;
  const asked = questions.map((question) => ({
    question,
    rules: ownersOfTraits(policy, question, realpathOf(evidence)),
  }));
  const unknown = asked.filter(({ rules }) => rules.length === 0);
  // A pattern may end apps that the config does not name.
  const regexes = kind === 'ends' ? [] : loose.filter((target) => target.kind === 'regex');
  if ((unknown.length > 0 || regexes.length > 0) && !ownDeclared && !evidence.own)
    return { type: 'more', wants: 'own' };
  const runs = regexes.length > 0 || unknown.some(({ question }) => question.runs);
  const inOwn = unknown.some(({ question }) => livesInOwn(question, evidence));
  if (runs && !evidence.sights && (inOwn || listsCouldTell(policy, kind))) return { type: 'more', wants: 'sights' };
  const claims = asked.map(({ question, rules }): Claim => {
    const known = rules.length > 0 || !question.runs ? rules : sightRules(question, policy, evidence);
    return {
      what: question.what,
      of: question.of,
      fromFile: question.fromFile,
      rules: narrow(known, question, caller, policy, evidence),
      inOwn: livesInOwn(question, evidence),
    };
  });
  return {
    type: 'claims',
    claims: [...claims, ...regexes.flatMap((target) => regexClaims(target, policy, evidence))],
    loose,
  };
}

function livesInOwn(question: Question, { own }: Evidence): boolean {
  const { names, runs } = question;
  // PM2 starts a script again under another name, so for a start only the name counts.
  return own?.state === 'callers' && own.apps.some((app) => (runs ? isIt(app, question) : names[0] === app.name));
}

function questionsOf(
  invocation: Invocation,
  policy: Policy,
  evidence: Evidence,
): { questions: Question[]; loose: Target[] } | 'more' {
  const questions: Question[] = [];
  const loose: Target[] = [];
  const fileRuns = classOf(invocation) !== 'starts';
  for (const target of invocation.targets) {
    switch (target.kind) {
      case 'all':
      case 'regex':
        loose.push(target);
        break;
      case 'id':
        // PM2 looks for a name first, then for a pm_id (_operate in lib/API.js).
        if (literalOwner(policy, target.word)) questions.push(named(target));
        else loose.push(target);
        break;
      case 'name':
        // `start api` is a running `api` or a new script: judged below as a start.
        if (!invocation.starts.some((start) => start.word === target.word)) questions.push(named(target));
        break;
      case 'file':
      case 'stdin': {
        const apps = fileQuestions(target, invocation, policy, evidence, fileRuns);
        if (apps === 'more') return 'more';
        questions.push(...apps);
        break;
      }
    }
  }
  for (const start of invocation.starts) questions.push(started(start, invocation));
  return { questions, loose };
}

/** With one daemon that is also the default, lists change only a verdict about ending apps. */
function listsCouldTell({ daemons, default: fallback }: Policy, kind: CommandClass): boolean {
  return kind === 'ends' || daemons.length !== 1 || fallback !== daemons[0]?.name;
}

function named(target: Target & { kind: 'name' | 'id' }): Question {
  const paths = target.kind === 'name' && isPathlike(target.word) ? [target.path] : [];
  return { what: target.word, of: target, fromFile: null, names: [target.word], paths, runs: true };
}

function isPathlike(word: string): boolean {
  return word.includes('/') || (word.includes('.') && /\.\w+$/.test(word));
}

/** PM2 restarts an app of that name if there is one (_startScript in lib/API.js). */
function started(start: Start, { targets }: Invocation): Question {
  const names = [start.name, start.namespace].filter((name) => name !== null);
  return {
    what: start.name ?? start.script ?? start.cwd,
    of: start,
    fromFile: null,
    names,
    paths: [start.script, start.cwd].filter((path) => path !== null),
    runs: targets.some(({ kind, word }) => kind === 'name' && word === start.name && word === start.word),
  };
}

function declaredBy(app: App, target: Target, runs: boolean): Question {
  return { what: app.name, of: target, fromFile: app.name, ...traitsOf(app), runs };
}

/** `--only` and a config path decide without reading the file, because reading means running its code. */
function fileQuestions(
  target: Target & { kind: 'file' | 'stdin' },
  { only }: Invocation,
  policy: Policy,
  evidence: Evidence,
  runs: boolean,
): Question[] | 'more' {
  const path = target.kind === 'file' ? target.path : null;
  const key = path ?? '-';
  const paths = path === null ? [] : [path];
  if (only.length > 0 && only.every((name) => policy.ownersOfName(name).length > 0)) {
    return only.map((name) => ({ what: name, of: target, fromFile: name, names: [name], paths, runs }));
  }
  const whole: Question = { what: target.word, of: target, fromFile: null, names: [], paths, runs: false };
  if (path !== null && ownersOfPath(policy, path, realpathOf(evidence)).length > 0) return [whole];
  if (!evidence.files?.has(key)) return 'more';
  const apps = evidence.files.get(key) ?? null;
  if (apps === null) return [whole];
  const chosen = only.length === 0 ? apps : apps.filter((app) => only.includes(app.name));
  return chosen.map((app) => declaredBy(app, target, runs));
}

function sightRules(question: Question, policy: Policy, evidence: Evidence): Rule[] {
  for (const source of ['socket', 'dump'] as const) {
    const rules = (evidence.sights ?? [])
      .filter((sight) => sight.source === source && sight.apps.some((app) => isIt(app, question)))
      .map((sight) => sightRule(sight.daemon, question.what, policy));
    if (rules.length > 0) return rules;
  }
  return [];
}

function isIt(app: App, { names, paths }: Question): boolean {
  return (
    names.includes(app.name) ||
    (app.namespace !== null && app.namespace !== 'default' && names.includes(app.namespace)) ||
    (app.script !== null && paths.includes(app.script))
  );
}

/** A list has no line in the config, so the daemon's line is used. */
function sightRule(daemon: string, pattern: string, policy: Policy): Rule {
  return { daemon, pattern, line: policy.daemons.find(({ name }) => name === daemon)?.line ?? 1 };
}

function literalOwner(policy: Policy, word: string): boolean {
  return policy.namesMatching((name) => name === word).length > 0;
}

/** The owners of all names that match. PM2 removes every slash of the pattern (_operate in lib/API.js). */
function regexClaims(target: Target, policy: Policy, evidence: Evidence): Claim[] {
  let pattern: RegExp;
  try {
    pattern = new RegExp(target.word.replace(/\//g, ''));
  } catch {
    return []; // PM2 throws too
  }
  const inConfig = policy.namesMatching((name) => pattern.test(name));
  const alive = (evidence.sights ?? [])
    .filter((sight) => sight.apps.some((app) => pattern.test(app.name)))
    .map((sight) => sightRule(sight.daemon, target.word, policy));
  const inOwn = evidence.own?.state === 'callers' && evidence.own.apps.some((app) => pattern.test(app.name));
  const claims = (inConfig.length > 0 ? inConfig : alive).map((rule) => ({ what: rule.pattern, rules: [rule], inOwn }));
  const own = inOwn && claims.length === 0 ? [{ what: target.word, rules: [], inOwn }] : [];
  return [...claims, ...own].map((claim) => ({ ...claim, of: target, fromFile: null }));
}

/** Two daemons list one name: the caller's own wins, then the path (docs/contract.md section 2, T35). */
function narrow(rules: Rule[], question: Question, caller: Caller, policy: Policy, evidence: Evidence): Rule[] {
  if (rules.length < 2) return rules;
  const own = policy.daemons.filter((daemon) => daemon.pm2Home === caller.pm2Home && caller.overrides.length === 0);
  const mine = rules.filter((rule) => own.some((daemon) => daemon.name === rule.daemon));
  if (mine.length === 1) return mine;
  const paths = caller.cwd === null ? question.paths : [...question.paths, caller.cwd];
  return narrowByPath(policy, rules, paths, realpathOf(evidence));
}

function realpathOf({ realpaths }: Evidence): RealpathOf {
  return (path) => realpaths.get(path);
}
