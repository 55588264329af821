import type { App, Invocation, Start, Target } from '../pm2/invocation.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import type { Evidence } from './verdict.ts';

/** Whom one thing on the command line belongs to. */
export interface Claim {
  /** The word that is shown: a target or the name of an app that would start. */
  what: string;
  /** Candidates, at most one a daemon; empty: nothing known of it. */
  rules: Rule[];
}

/** One thing to find the owner of, from the target words, the apps that would start, or a process file. */
interface Subject {
  what: string;
  names: string[];
  paths: string[];
}

export type Claims = { type: 'claims'; claims: Claim[] } | { type: 'more'; wants: 'files' | 'sights' };

/**
 * The owners of everything an invocation touches; first evidence wins (PRODUCT section 3.2): a name in the config, a path in
 * the config, what a process file declares, the live lists of the declared daemons, their dumps.
 */
export function claimsOf(invocation: Invocation, caller: Caller, policy: Policy, evidence: Evidence): Claims {
  const claims: Claim[] = [];
  const subjects: Subject[] = [];
  const startNames = new Set(invocation.starts.map((start) => start.name));
  for (const target of invocation.targets) {
    switch (target.kind) {
      case 'all':
        break; // a call about the whole daemon
      case 'regex':
        claims.push(...regexClaims(target.word, policy, evidence));
        break;
      case 'id':
        // A name before it is a pm_id (lib/API.js _operate), and ids belong to no daemon in particular.
        if (literalOwner(policy, target.word)) subjects.push({ what: target.word, names: [target.word], paths: [] });
        break;
      case 'name':
        // `start api` is a running `api` or a new script `api`: one thing, with both kinds of evidence, judged below as a start.
        if (!startNames.has(target.word)) subjects.push(nameSubject(target));
        break;
      case 'file':
      case 'stdin': {
        const found = fileSubjects(target, invocation, policy, evidence);
        if (found === 'more') return { type: 'more', wants: 'files' };
        subjects.push(...found);
        break;
      }
    }
  }
  for (const start of invocation.starts) subjects.push(startSubject(start));

  const unknown: Subject[] = [];
  for (const subject of subjects) {
    const rules = configRules(subject, policy, evidence);
    if (rules.length > 0) claims.push({ what: subject.what, rules: narrow(rules, subject, caller, policy, evidence) });
    else unknown.push(subject);
  }
  const regexes = invocation.targets.some((target) => target.kind === 'regex');
  if ((unknown.length > 0 || (regexes && claims.length === 0)) && !evidence.sights && sightsCouldTell(policy, caller)) {
    return { type: 'more', wants: 'sights' };
  }
  for (const subject of unknown) {
    const rules = sightRules(subject, policy, evidence);
    claims.push({ what: subject.what, rules: narrow(rules, subject, caller, policy, evidence) });
  }
  return { type: 'claims', claims };
}

/** With one daemon, which is also where everything unknown goes, no list can change the verdict. */
function sightsCouldTell(policy: Policy, caller: Caller): boolean {
  const [only] = policy.daemons;
  return !(policy.daemons.length === 1 && policy.default === only?.name && !(caller.uid === 0 && only.user !== 'root' && only.home === caller.home));
}

function nameSubject(target: Target & { kind: 'name' }): Subject {
  return { what: target.word, names: [target.word], paths: isPathlike(target.word) ? [target.path] : [] };
}

function isPathlike(word: string): boolean {
  return word.includes('/') || (word.includes('.') && /\.\w+$/.test(word));
}

function startSubject(start: Start): Subject {
  const names = [start.name, start.namespace].filter((name) => name !== null);
  return { what: start.name ?? start.script ?? start.cwd, names, paths: [start.script, start.cwd].filter((path) => path !== null) };
}

function appSubject(app: App): Subject {
  const names = [app.name, app.namespace].filter((name) => name !== null && name !== 'default') as string[];
  return { what: app.name, names, paths: [app.script, app.cwd].filter((path) => path !== null) };
}

/**
 * `--only` names the apps without a look inside; a config path settles the file as a whole; only then must it be read, and
 * reading means evaluating somebody's code.
 */
function fileSubjects(target: Target & { kind: 'file' | 'stdin' }, invocation: Invocation, policy: Policy, evidence: Evidence): Subject[] | 'more' {
  const path = target.kind === 'file' ? target.path : null;
  const key = path ?? '-';
  if (invocation.only.length > 0 && invocation.only.every((name) => policy.ownersOfName(name).length > 0)) {
    return invocation.only.map((name) => ({ what: name, names: [name], paths: path === null ? [] : [path] }));
  }
  if (path !== null && pathRules(path, policy, evidence).length > 0) return [{ what: target.word, names: [], paths: [path] }];
  if (!evidence.files?.has(key)) return 'more';
  const apps = evidence.files.get(key) ?? null;
  if (apps === null) return [{ what: target.word, names: [], paths: path === null ? [] : [path] }];
  const chosen = invocation.only.length === 0 ? apps : apps.filter((app) => invocation.only.includes(app.name));
  return chosen.map(appSubject);
}

function configRules(subject: Subject, policy: Policy, evidence: Evidence): Rule[] {
  for (const name of subject.names) {
    const rules = policy.ownersOfName(name);
    if (rules.length > 0) return rules;
  }
  for (const path of subject.paths) {
    const rules = pathRules(path, policy, evidence);
    if (rules.length > 0) return rules;
  }
  return [];
}

/** By the path as typed, then by what it really is: deploy tools start from /srv/app/current, a link. */
function pathRules(path: string, policy: Policy, evidence: Evidence): Rule[] {
  const rules = policy.ownersOfPath(path);
  const real = evidence.realpaths.get(path);
  return rules.length === 0 && real !== undefined ? policy.ownersOfPath(real) : rules;
}

function sightRules(subject: Subject, policy: Policy, evidence: Evidence): Rule[] {
  for (const source of ['socket', 'dump'] as const) {
    const rules = (evidence.sights ?? [])
      .filter((sight) => sight.source === source && sight.apps.some((app) => isIt(app, subject)))
      .map((sight) => sightRule(sight.daemon, subject.what, policy));
    if (rules.length > 0) return rules;
  }
  return [];
}

function isIt(app: App, subject: Subject): boolean {
  return subject.names.includes(app.name) || (app.namespace !== null && app.namespace !== 'default' && subject.names.includes(app.namespace))
    || (app.script !== null && subject.paths.includes(app.script));
}

/** Evidence from a list has no line of its own: it points to the daemon's. */
function sightRule(daemon: string, pattern: string, policy: Policy): Rule {
  return { daemon, pattern, line: policy.daemons.find(({ name }) => name === daemon)?.line ?? 1 };
}

function literalOwner(policy: Policy, word: string): boolean {
  return policy.namesMatching((name) => name === word).length > 0;
}

/** `/shop-.*` + `/` on names (lib/API.js _operate removes every slash): the owners of all names it is known to match. */
function regexClaims(word: string, policy: Policy, evidence: Evidence): Claim[] {
  let pattern: RegExp;
  try {
    pattern = new RegExp(word.replace(/\//g, ''));
  } catch {
    return []; // PM2 throws on it as well
  }
  const inConfig = policy.namesMatching((name) => pattern.test(name));
  const alive = (evidence.sights ?? []).filter((sight) => sight.apps.some((app) => pattern.test(app.name)))
    .map((sight) => sightRule(sight.daemon, word, policy));
  return (inConfig.length > 0 ? inConfig : alive).map((rule) => ({ what: rule.pattern, rules: [rule] }));
}

/** One name, two daemons (staging and prod): the caller's own wins, then the path (PRODUCT section 2, T35). */
function narrow(rules: Rule[], subject: Subject, caller: Caller, policy: Policy, evidence: Evidence): Rule[] {
  if (rules.length < 2) return rules;
  const own = policy.daemons.filter((daemon) => daemon.home === caller.home && caller.overrides.length === 0);
  const mine = rules.filter((rule) => own.some((daemon) => daemon.name === rule.daemon));
  if (mine.length === 1) return mine;
  for (const path of [...subject.paths, ...(caller.cwd === null ? [] : [caller.cwd])]) {
    const there = pathRules(path, policy, evidence).map((rule) => rule.daemon);
    const local = rules.filter((rule) => there.includes(rule.daemon));
    if (local.length === 1) return local;
  }
  return rules;
}
