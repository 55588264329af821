import type { LintCall } from '../model.ts';
import type { Fragment } from '../text.ts';
import type { UserCheck } from './checks.ts';
import { runCommand } from './command.ts';
import type { Syntax } from './grammar.ts';
import { hides, runRedirected } from './redirects.ts';
import { NOTHING, type RunResult, type RunShell } from './run.ts';
import { valueOf, type ShellScope } from './scope.ts';

/** `a && b`, `a || b`. */
export function list(shell: RunShell, node: Syntax, scope: ShellScope): RunResult {
  const [left, right] = node.children.filter(({ named }) => named);
  const operator = node.children.find(({ type }) => type === '&&' || type === '||')?.type;
  if (!left || !right || operator === undefined) return shell.block(node.children, scope);
  const hidden = operator === '||' ? hides(shell.text(right)) : null;
  const decides = hidden === null && shell.text(right).includes('pm2');
  const first = shell.session.within(
    { hidden: hidden ?? shell.session.hidden, asked: shell.session.asked || decides },
    () => shell.statement(left, scope),
  );
  return proceed(shell, operator, first, (branch) => shell.statement(right, branch), scope);
}

/** The right side of `&&` or `||`. */
export function proceed(
  shell: RunShell,
  operator: string,
  first: RunResult,
  run: (branch: ShellScope) => RunResult,
  scope: ShellScope,
): RunResult {
  const [yes, no] = [scope.fork(), scope.fork()];
  learn(yes, first.check, true);
  learn(no, first.check, false);
  const [taken, other] = operator === '&&' ? [yes, no] : [no, yes];
  const onlyAfter = operator === '||' ? [...shell.session.onlyAfter, ...first.calls] : shell.session.onlyAfter;
  const second = shell.session.within({ onlyAfter }, () => run(taken));
  scope.join([other, taken]);
  const out = operator === '||' && first.out !== null ? first.out : second.out;
  return { out, calls: [...first.calls, ...second.calls], check: operator === '&&' ? first.check : null };
}

export function pipeline(shell: RunShell, node: Syntax, scope: ShellScope, input: Fragment | null): RunResult {
  const calls: LintCall[] = [];
  let out = input;
  const parts = node.children.filter(({ named }) => named);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const forked = scope.fork();
    const result: RunResult = shell.session.within({ asked: shell.session.asked || !last }, () =>
      piped(shell, part, forked, out),
    );
    calls.push(...result.calls);
    out = result.out;
  }
  return { out, calls, check: null };
}

/** One part of a pipeline, with the output of the part before. */
function piped(shell: RunShell, node: Syntax, scope: ShellScope, input: Fragment | null): RunResult {
  if (input === null) return shell.statement(node, scope);
  if (node.type === 'command') return runCommand(shell, node, scope, input);
  if (node.type === 'redirected_statement') return runRedirected(shell, node, scope, input);
  return shell.statement(node, scope);
}

export function branches(shell: RunShell, node: Syntax, scope: ShellScope, asked: readonly LintCall[]): RunResult {
  const calls: LintCall[] = [];
  const ends: ShellScope[] = [];
  const before: LintCall[] = [...asked];
  let current = scope.fork();
  let complete = false;
  const clause = (children: readonly Syntax[]): void => {
    const then = children.findIndex(({ type }) => type === 'then');
    const condition = shell.session.within({ asked: true }, () => shell.block(children.slice(1, then), current));
    before.push(...condition.calls);
    calls.push(...condition.calls);
    const [yes, no] = [current.fork(), current.fork()];
    learn(yes, condition.check, true);
    learn(no, condition.check, false);
    const body = children.slice(then + 1).filter(({ type }) => type !== 'elif_clause' && type !== 'else_clause');
    const onlyAfter = [...shell.session.onlyAfter, ...before];
    calls.push(...shell.session.within({ onlyAfter }, () => shell.block(body, yes)).calls);
    ends.push(yes);
    current = no;
  };
  clause(node.children);
  for (const child of node.children) {
    if (child.type === 'elif_clause') clause(child.children);
    if (child.type !== 'else_clause') continue;
    complete = true;
    const onlyAfter = [...shell.session.onlyAfter, ...before];
    const other = current;
    calls.push(...shell.session.within({ onlyAfter }, () => shell.block(child.children, other)).calls);
    ends.push(other);
  }
  if (!complete) ends.push(current);
  scope.join(ends);
  return { out: null, calls, check: null };
}

export function cases(shell: RunShell, node: Syntax, scope: ShellScope): RunResult {
  const calls: LintCall[] = [];
  const ends: ShellScope[] = [scope.fork()];
  const value = node.children.find(({ field }) => field === 'value');
  const before = value ? shell.words.read(value, scope).asks : [];
  for (const item of node.children) {
    if (item.type !== 'case_item') continue;
    const branch = scope.fork();
    const onlyAfter = [...shell.session.onlyAfter, ...before];
    calls.push(
      ...shell.session.within({ onlyAfter }, () =>
        shell.block(
          item.children.filter(({ field }) => field !== 'value'),
          branch,
        ),
      ).calls,
    );
    ends.push(branch);
  }
  scope.join(ends);
  return { out: null, calls: [...before, ...calls], check: null };
}

/** A loop over a short list of literals is unrolled. */
export function loop(shell: RunShell, node: Syntax, scope: ShellScope): RunResult {
  const body = node.children.find(({ type }) => type === 'do_group' || type === 'compound_statement');
  const variable = node.children.find(({ field }) => field === 'variable');
  if (!body || !variable) return NOTHING;
  const name = shell.text(variable);
  const items = node.children
    .filter(({ field, named }) => named && field === 'value')
    .flatMap((one) => shell.words.expand(one, scope));
  const asks = items.flatMap((item) => [...item.asks]);
  const literal =
    items.length > 0 && items.length <= 8 && items.every(({ certain, text }) => certain && !/[*?[{]/.test(text));
  const values = literal ? items.map((item) => valueOf(item.text, true)) : [valueOf(`$${name}`, false, { asks })];
  const calls: LintCall[] = [...asks];
  const branch = scope.fork();
  for (const value of values) {
    branch.ended = false;
    branch.set(name, value);
    calls.push(...shell.block(body.children, branch).calls);
  }
  branch.ended = false;
  scope.join([scope.fork(), branch]);
  return { out: null, calls, check: null };
}

export function repeated(shell: RunShell, node: Syntax, scope: ShellScope): RunResult {
  const branch = scope.fork();
  const conditions = node.children.filter(({ field, named }) => named && field === 'condition');
  const condition = shell.session.within({ asked: true }, () => shell.block(conditions, branch));
  const onlyAfter = [...shell.session.onlyAfter, ...condition.calls];
  const body = node.children.filter(
    ({ field, named }) => named && field !== 'condition' && field !== 'initializer' && field !== 'update',
  );
  const inner = shell.session.within({ onlyAfter }, () => shell.block(body, branch));
  branch.ended = false;
  scope.join([scope.fork(), branch]);
  return { out: inner.out, calls: [...condition.calls, ...inner.calls], check: null };
}

/** In this branch, the condition's result is known. */
function learn(scope: ShellScope, check: UserCheck | null, truth: boolean): void {
  if (check === null || check.is !== truth || scope.user.kind === 'known') return;
  scope.user = { kind: 'known', name: check.user, said: "the script's own check" };
  if (check.user === 'root') scope.forms = [...scope.forms, 'root check'];
}
