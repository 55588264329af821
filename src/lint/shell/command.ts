import type { LintCall, Form, Reached, Setting } from '../model.ts';
import type { Fragment } from '../text.ts';
import { assign } from './assign.ts';
import { builtin, enter } from './builtins.ts';
import { becoming } from './become.ts';
import { isDull } from './dull.ts';
import type { Syntax } from './grammar.ts';
import { packageRunner } from './packages.ts';
import { isPm2Command, isPm2Variable, reaches } from './pm2-words.ts';
import { effectOf } from './redirects.ts';
import { elsewhere } from './remote.ts';
import { NOTHING, runText, RunShell, type RunResult } from './run.ts';
import { script, unknownRunner } from './runners.ts';
import { ARGUMENTS, valueOf, type ShellScope } from './scope.ts';
import { MAX_NESTING } from './session.ts';
import type { ParsedWord } from './words.ts';
import { behindWrapper, throughEnv } from './wrappers.ts';

/** A command, while its wrappers are removed one by one. */
export interface Job {
  shell: RunShell;
  words: readonly ParsedWord[];
  scope: ShellScope;
  /** Variables that the command line itself sets. */
  inline: ReadonlySet<string>;
  input: Fragment | null;
  start: number;
  end: number;
}

/** Follows a simple command. `more`: words after a here-document's mark. */
export function runCommand(
  shell: RunShell,
  node: Syntax,
  scope: ShellScope,
  input: Fragment | null,
  more: readonly Syntax[] = [],
): RunResult {
  if (isDull(shell, node, scope)) return NOTHING;
  const assignments = node.children.filter(({ type }) => type === 'variable_assignment');
  const nodes = node.children.filter(({ field, named }) => named && (field === 'name' || field === 'argument'));
  const words = [...nodes, ...more].flatMap((one) => shell.words.expand(one, scope));
  const here = node.children.filter(({ type }) => type === 'herestring_redirect');
  const given = here.length > 0 ? effectOf(shell, here, scope).input : (input ?? shell.input);
  const asks = words.flatMap((word) => [...word.asks]);
  if (words.length === 0) {
    for (const one of assignments) assign(shell, one, scope);
    return NOTHING;
  }
  const own = assignments.length > 0 ? scope.fork() : scope;
  const inline = new Set<string>();
  for (const one of assignments) {
    assign(shell, one, own, true);
    const name = one.children.find(({ field }) => field === 'name');
    if (name) inline.add(shell.text(name));
  }
  const result = dispatch({ shell, words, scope: own, inline, input: given, start: node.start, end: node.end });
  if (own !== scope && own.ended) [scope.ended, scope.exited] = [own.ended, own.exited];
  return asks.length > 0 ? { ...result, calls: [...asks, ...result.calls] } : result;
}

/** Handles the program that the words name. */
export function dispatch(job: Job): RunResult {
  const { words, scope, shell } = job;
  const [program, ...rest] = words;
  if (program === undefined || !shell.session.step()) return NOTHING;
  const own = program.text === 'pm2' ? scope.functionNamed('pm2') : undefined;
  if (own?.depth === 0) return inlined(job, 'pm2', rest);
  const reached = reaches(program.text) ?? (isPm2Variable(program.text) && isPm2Command(rest[0]?.text) ? 'pm2' : null);
  if (reached !== null) return called(job, reached, program, rest);
  const name = program.text.replace(/^(\/usr)?(\/local)?\/s?bin\//, '');
  const alias = scope.aliases.get(name);
  if (alias !== undefined && alias.split(' ')[0] !== name) {
    const expanded = alias.split(/\s+/).map((text) => ({ ...program, ...valueOf(text, true), origin: program.origin }));
    return dispatch({ ...job, words: [...expanded, ...rest] });
  }
  const defined = scope.functionNamed(name);
  if (defined) return inlined(job, name, rest);
  return (
    builtin(name, rest, job) ??
    become(name, rest, job) ??
    wrapped(name, rest, job) ??
    remote(name, rest, job) ??
    packageRunner(name, rest, job) ??
    unknownRunner(name, rest, job) ??
    script(program, job)
  );
}

function called(
  { shell, scope, inline, start, end }: Job,
  reached: Reached,
  program: ParsedWord,
  words: readonly ParsedWord[],
): RunResult {
  const { session, fragment } = shell;
  const app = words.find(({ text }, index) => index > 0 && !text.startsWith('-'))?.text ?? '';
  const setting = (name: 'PM2_HOME' | 'HOME'): Setting | null => {
    const found = scope.setting(name);
    return found === null ? null : { ...found, inline: inline.has(name) };
  };
  const verb = words.find(({ text }) => !text.startsWith('-'))?.text ?? '';
  const starts = /^(start|serve|resurrect|startOr\w+)$/.test(verb);
  const call: LintCall = {
    ...placeOf(program, words, fragment.at(start), fragment.at(end)),
    pm2: program.text,
    reached,
    words: words.map(({ text, certain }) => ({ text, certain })),
    user: scope.user,
    world: scope.world,
    pm2Home: setting('PM2_HOME'),
    homeDirectory: setting('HOME'),
    cwd: scope.cwd,
    forms: [...new Set(scope.forms)],
    hidden: session.hidden,
    asked: session.asked,
    onlyAfter: starts || verb === '' ? session.onlyAfter : [],
    deleted: starts ? [...scope.deleted.values()] : [],
  };
  session.reading.calls.push(call);
  if (verb === 'delete' || verb === 'del')
    for (const one of words.slice(1)) if (!one.text.startsWith('-')) scope.deleted.set(one.text, call);
  if (verb === 'kill') scope.deleted.set('all', call);
  if (starts) scope.deleted.delete(app);
  return { ...NOTHING, calls: [call] };
}

/** The position of a call; arguments of a function have that of its call. */
function placeOf(
  program: ParsedWord,
  words: readonly ParsedWord[],
  start: number,
  end: number,
): Pick<LintCall, 'start' | 'end' | 'pm2At'> {
  const pm2At = program.origin.at(0);
  if (pm2At >= start && pm2At <= end) return { start, end, pm2At };
  const last = [...words].reverse().find(({ origin }) => origin.at(0) > pm2At) ?? program;
  return { start: pm2At, end: last.origin.at(last.text.length), pm2At };
}

/** A shell function: its body is followed at each call, with the arguments of that call. */
function inlined(job: Job, name: string, words: readonly ParsedWord[]): RunResult {
  const {
    scope,
    shell: { session },
  } = job;
  const found = scope.functionNamed(name);
  if (!found || found.depth >= 3 || session.nesting >= MAX_NESTING || !session.callsFunction()) return NOTHING;
  found.called = true;
  found.depth++;
  session.nesting++;
  try {
    const own = scope.fork(new Set());
    own.setArguments(words.map((word) => ({ ...word, fragment: word.origin })));
    const result = new RunShell(found.fragment, session, job.input).statement(found.body, own);
    scope.returned(own, [...ARGUMENTS, ...own.locals]);
    return result;
  } finally {
    found.depth--;
    session.nesting--;
  }
}

/** Runs a command that a program passes to a shell, or starts itself. */
export function handOver(
  job: Job,
  scope: ShellScope,
  { script, rest }: { script: Fragment | null; rest: readonly ParsedWord[] },
  inline: ReadonlySet<string>,
): RunResult {
  if (script !== null) {
    scope.forms = [...scope.forms, 'nested'];
    return runText(script, scope, job.shell.session, job.input);
  }
  if (rest.length > 0) return dispatch({ ...job, words: rest, scope, inline });
  if (job.input === null) return NOTHING;
  scope.forms = [...scope.forms, 'here-document'];
  return runText(job.input, scope, job.shell.session);
}

function become(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  const became = Object.hasOwn(becoming, name) ? becoming[name]?.(words) : undefined;
  if (!became) return null;
  const forms: Form[] = [
    ...job.scope.forms.filter((form) => form === 'cron' || form === 'reboot' || form === 'ssh'),
    ...became.forms,
  ];
  const cwd = became.leaves ? null : job.scope.cwd;
  const scope = job.scope.child({ user: became.user ?? job.scope.user, cwd, forms }, became.keeps);
  if (became.user !== null && !became.foreignHome) scope.set('HOME', null);
  if (became.foreignHome) {
    scope.forms = [...scope.forms, 'kept HOME'];
    scope.set('HOME', valueOf('$HOME', false, { exported: true }));
  }
  for (const { name: variable, word } of became.sets) scope.set(variable, { ...word, exported: true });
  const kept = [...job.inline].filter((one) => became.keeps === 'all' || became.keeps.includes(one));
  const inline = new Set([...kept, ...became.sets.map((set) => set.name)]);
  return handOver(job, scope, { script: became.script?.origin ?? null, rest: became.rest }, inline);
}

function wrapped(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  if (name === 'env' || name === 'cross-env') {
    const { cleared, unset, sets, directory, rest } = throughEnv(words);
    if (rest.length === 0) return NOTHING;
    const scope = cleared ? job.scope.child({}, []) : job.scope.fork();
    if (directory !== null) enter(scope, directory);
    for (const one of unset) scope.set(one, null);
    for (const { name: variable, word } of sets) scope.set(variable, { ...word, exported: true });
    return dispatch({ ...job, words: rest, scope, inline: new Set([...job.inline, ...sets.map((set) => set.name)]) });
  }
  const behind = behindWrapper(name, words);
  if (behind === null) return null;
  if (behind.script !== null) return runText(behind.script.origin, job.scope.fork(), job.shell.session);
  const result = behind.rest.length > 0 ? dispatch({ ...job, words: behind.rest }) : NOTHING;
  if (name === 'exec' && behind.rest.length > 0) [job.scope.ended, job.scope.exited] = [true, true];
  return result;
}

function remote(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  const there = elsewhere(name, words);
  if (there === null) return null;
  const scope = job.scope.child({ user: there.user, world: there.world, cwd: null, forms: ['ssh'] }, []);
  if (there.world.kind === 'container') return NOTHING;
  return handOver(job, scope, { script: there.script, rest: there.words }, new Set());
}
