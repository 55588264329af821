import type { Call } from '../model.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import { isTest, userCheck, type UserCheck } from './checks.ts';
import { runCommand } from './command.ts';
import { parse, type Syntax } from './grammar.ts';
import { hides, runRedirected } from './redirects.ts';
import { valueOf, type Scope } from './scope.ts';
import { MAX_NESTING, type Session } from './session.ts';
import { Words } from './words.ts';

/** What following a statement led to. */
export interface Result {
  /** What it prints, where that is text of the script; null: it is not known. */
  out: Fragment | null;
  /** The calls in it. */
  calls: readonly Call[];
  check: UserCheck | null;
}

export const NOTHING: Result = { out: null, calls: [], check: null };

/** Follows the shell text of one fragment. */
export class Shell {
  readonly words: Words;

  /** @param input what its commands find on standard input */
  constructor(readonly fragment: Fragment, readonly session: Session, readonly input: Fragment | null = null) {
    this.words = new Words(fragment, { substitute: (node, scope) => this.substitute(node, scope) });
  }

  text(node: Pick<Syntax, 'start' | 'end'>): string {
    return this.fragment.text.slice(node.start, node.end);
  }

  private substitute(node: Syntax, scope: Scope): { out: Fragment | null; asks: readonly Call[] } {
    const result = this.session.within({ asked: true }, () => this.block(node.children, scope.fork()));
    return { out: result.out, asks: result.calls };
  }

  /** Statements one after the other. */
  block(nodes: readonly Syntax[], scope: Scope): Result {
    const calls: Call[] = [];
    const out = new FragmentBuilder();
    let printed = false;
    let certain = true;
    let failed: Call[] = [];
    let check: UserCheck | null = null;
    for (const node of nodes) {
      if (!node.named || scope.ended) continue;
      if (!this.session.step()) break;
      // `if [ $? -ne 0 ]` asks what came just before.
      const asks = /\$\?/.test(node.type === 'if_statement' ? this.text(node).slice(0, 60) : '') ? failed : [];
      const result = this.statement(node, scope, asks);
      calls.push(...result.calls);
      failed = [...result.calls];
      check = result.check;
      if (result.out === null) certain = certain && SILENT.has(node.type);
      else {
        out.addFragment(result.out);
        printed = true;
      }
    }
    return { out: printed && (certain || calls.length === 0) ? out.build() : null, calls, check };
  }

  statement(node: Syntax, scope: Scope, asked: readonly Call[] = []): Result {
    switch (node.type) {
      case 'command':
        return isTest(node) ? this.test(node, scope) : runCommand(this, node, scope, null);
      case 'test_command': return this.test(node, scope);
      case 'redirected_statement': return runRedirected(this, node, scope);
      case 'list': return this.list(node, scope);
      case 'negated_command': return this.negated(node, scope);
      case 'pipeline': return this.pipeline(node, scope, null);
      case 'if_statement': return this.branches(node, scope, asked);
      case 'case_statement': return this.cases(node, scope);
      case 'for_statement': return this.loop(node, scope);
      case 'while_statement':
      case 'c_style_for_statement': return this.repeated(node, scope);
      case 'function_definition': return this.define(node, scope);
      case 'subshell': {
        const forked = scope.fork();
        return this.block(node.children, forked);
      }
      case 'variable_assignment':
      case 'variable_assignments': {
        for (const one of node.type === 'variable_assignment' ? [node] : node.children) this.assign(one, scope);
        return NOTHING;
      }
      case 'declaration_command': return this.declare(node, scope);
      case 'unset_command': {
        for (const child of node.children) if (child.named) scope.set(this.text(child), null);
        return NOTHING;
      }
      case 'comment': return this.comment(node, scope);
      case 'program':
      case 'compound_statement':
      case 'do_group':
      case 'ERROR':
        return this.block(node.children, scope);
      default:
        return NOTHING;
    }
  }

  private comment(node: Syntax, scope: Scope): Result {
    const [, name] = /pm2-guard:\s*run-as\s+([\w.-]+)/.exec(this.text(node)) ?? [];
    if (name !== undefined) scope.user = { kind: 'known', name, said: 'the run-as comment' };
    return NOTHING;
  }

  private test(node: Syntax, scope: Scope): Result {
    const calls: Call[] = [];
    const look = (child: Syntax): void => {
      if (['string', 'simple_expansion', 'expansion', 'command_substitution', 'concatenation'].includes(child.type)) {
        calls.push(...this.words.read(child, scope).asks);
      } else child.children.forEach(look);
    };
    node.children.forEach(look);
    return { out: null, calls, check: userCheck(this.text(node)) };
  }

  private negated(node: Syntax, scope: Scope): Result {
    const inner = node.children.find(({ named }) => named);
    if (!inner) return NOTHING;
    const { calls, check } = this.session.within({ asked: true }, () => this.statement(inner, scope));
    return { out: null, calls, check: check && { ...check, is: !check.is } };
  }

  /** `a && b`, `a || b`. */
  private list(node: Syntax, scope: Scope): Result {
    const [left, right] = node.children.filter(({ named }) => named);
    const operator = node.children.find(({ type }) => type === '&&' || type === '||')?.type;
    if (!left || !right || operator === undefined) return this.block(node.children, scope);
    const hidden = operator === '||' ? hides(this.text(right)) : null;
    const decides = hidden === null && this.text(right).includes('pm2');
    const first = this.session.within({ hidden: hidden ?? this.session.hidden, asked: this.session.asked || decides }, () => this.statement(left, scope));
    return this.then(operator, first, (branch) => this.statement(right, branch), scope);
  }

  /** What follows the left side of `&&` or `||`. */
  then(operator: string, first: Result, run: (branch: Scope) => Result, scope: Scope): Result {
    const [yes, no] = [scope.fork(), scope.fork()];
    learn(yes, first.check, true);
    learn(no, first.check, false);
    const [taken, other] = operator === '&&' ? [yes, no] : [no, yes];
    const onlyAfter = operator === '||' ? [...this.session.onlyAfter, ...first.calls] : this.session.onlyAfter;
    const second = this.session.within({ onlyAfter }, () => run(taken));
    scope.join([other, taken]);
    const out = operator === '||' && first.out !== null ? first.out : second.out;
    return { out, calls: [...first.calls, ...second.calls], check: operator === '&&' ? first.check : null };
  }

  pipeline(node: Syntax, scope: Scope, input: Fragment | null): Result {
    const calls: Call[] = [];
    let out = input;
    const parts = node.children.filter(({ named }) => named);
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      const forked = scope.fork();
      const result: Result = this.session.within({ asked: this.session.asked || !last }, () => this.piped(part, forked, out));
      calls.push(...result.calls);
      out = result.out;
    }
    return { out, calls, check: null };
  }

  /** One part of a pipeline, with what the part before prints. */
  piped(node: Syntax, scope: Scope, input: Fragment | null): Result {
    if (input === null) return this.statement(node, scope);
    if (node.type === 'command') return runCommand(this, node, scope, input);
    if (node.type === 'redirected_statement') return runRedirected(this, node, scope, input);
    return this.statement(node, scope);
  }

  private branches(node: Syntax, scope: Scope, asked: readonly Call[]): Result {
    const calls: Call[] = [];
    const ends: Scope[] = [];
    const before: Call[] = [...asked];
    let current = scope.fork();
    let complete = false;
    const clause = (children: readonly Syntax[]): void => {
      const then = children.findIndex(({ type }) => type === 'then');
      const condition = this.session.within({ asked: true }, () => this.block(children.slice(1, then), current));
      before.push(...condition.calls);
      calls.push(...condition.calls);
      const [yes, no] = [current.fork(), current.fork()];
      learn(yes, condition.check, true);
      learn(no, condition.check, false);
      const body = children.slice(then + 1).filter(({ type }) => type !== 'elif_clause' && type !== 'else_clause');
      const onlyAfter = [...this.session.onlyAfter, ...before];
      calls.push(...this.session.within({ onlyAfter }, () => this.block(body, yes)).calls);
      ends.push(yes);
      current = no;
    };
    clause(node.children);
    for (const child of node.children) {
      if (child.type === 'elif_clause') clause(child.children);
      if (child.type !== 'else_clause') continue;
      complete = true;
      const onlyAfter = [...this.session.onlyAfter, ...before];
      const other = current;
      calls.push(...this.session.within({ onlyAfter }, () => this.block(child.children, other)).calls);
      ends.push(other);
    }
    if (!complete) ends.push(current);
    scope.join(ends);
    return { out: null, calls, check: null };
  }

  private cases(node: Syntax, scope: Scope): Result {
    const calls: Call[] = [];
    const ends: Scope[] = [scope.fork()];
    const value = node.children.find(({ field }) => field === 'value');
    const before = value ? this.words.read(value, scope).asks : [];
    for (const item of node.children) {
      if (item.type !== 'case_item') continue;
      const branch = scope.fork();
      const onlyAfter = [...this.session.onlyAfter, ...before];
      calls.push(...this.session.within({ onlyAfter }, () => this.block(item.children.filter(({ field }) => field !== 'value'), branch)).calls);
      ends.push(branch);
    }
    scope.join(ends);
    return { out: null, calls: [...before, ...calls], check: null };
  }

  /** The items of a short list of literals are taken one by one. */
  private loop(node: Syntax, scope: Scope): Result {
    const body = node.children.find(({ type }) => type === 'do_group' || type === 'compound_statement');
    const variable = node.children.find(({ field }) => field === 'variable');
    if (!body || !variable) return NOTHING;
    const name = this.text(variable);
    const items = node.children.filter(({ field, named }) => named && field === 'value').flatMap((one) => this.words.expand(one, scope));
    const asks = items.flatMap((item) => [...item.asks]);
    const literal = items.length > 0 && items.length <= 8 && items.every(({ certain, text }) => certain && !/[*?[{]/.test(text));
    const values = literal ? items.map((item) => valueOf(item.text, true)) : [valueOf(`$${name}`, false, { asks })];
    const calls: Call[] = [...asks];
    const branch = scope.fork();
    for (const value of values) {
      branch.ended = false;
      branch.set(name, value);
      calls.push(...this.block(body.children, branch).calls);
    }
    branch.ended = false;
    scope.join([scope.fork(), branch]);
    return { out: null, calls, check: null };
  }

  private repeated(node: Syntax, scope: Scope): Result {
    const branch = scope.fork();
    const conditions = node.children.filter(({ field, named }) => named && field === 'condition');
    const condition = this.session.within({ asked: true }, () => this.block(conditions, branch));
    const onlyAfter = [...this.session.onlyAfter, ...condition.calls];
    const body = node.children.filter(({ field, named }) => named && field !== 'condition' && field !== 'initializer' && field !== 'update');
    const inner = this.session.within({ onlyAfter }, () => this.block(body, branch));
    branch.ended = false;
    scope.join([scope.fork(), branch]);
    return { out: inner.out, calls: [...condition.calls, ...inner.calls], check: null };
  }

  private define(node: Syntax, scope: Scope): Result {
    const [name, body] = ['name', 'body'].map((field) => node.children.find((child) => child.field === field));
    if (name && body) scope.define(this.text(name), body, this.fragment);
    return NOTHING;
  }

  assign(node: Syntax, scope: Scope, exported = false): void {
    const name = node.children.find(({ field }) => field === 'name');
    const value = node.children.find(({ field }) => field === 'value');
    if (!name) return;
    if (value?.type === 'array') {
      const items = value.children.filter(({ named }) => named).flatMap((one) => this.words.expand(one, scope));
      scope.set(this.text(name), valueOf(items.map(({ text }) => text).join(' '), true, { items: items.map((item) => valueOf(item.text, item.certain)) }));
      return;
    }
    const word = value ? this.words.read(value, scope) : null;
    const appended = this.text(node).slice(name.end - node.start).startsWith('+=');
    // A command in a variable is reported where it is written; the name of a program, where it is used.
    const fragment = word !== null && /\s/.test(word.text) ? word.origin : null;
    scope.set(this.text(name), valueOf(word?.text ?? '', (word?.certain ?? true) && !appended, { fragment, asks: word?.asks ?? [], exported }));
  }

  private declare(node: Syntax, scope: Scope): Result {
    const exports = /^(export|declare\s+-\w*x|typeset\s+-\w*x)/.test(this.text(node));
    for (const child of node.children) {
      if (child.type === 'variable_assignment') this.assign(child, scope, exports);
      else if (child.type === 'variable_name' && exports) scope.export(this.text(child));
    }
    return NOTHING;
  }
}

const SILENT = new Set(['comment', 'variable_assignment', 'variable_assignments', 'declaration_command', 'function_definition']);

/** What a condition says of the user holds on this way. */
function learn(scope: Scope, check: UserCheck | null, truth: boolean): void {
  if (check === null || check.is !== truth || scope.user.kind === 'known') return;
  scope.user = { kind: 'known', name: check.user, said: 'the script\'s own check' };
  if (check.user === 'root') scope.forms = [...scope.forms, 'root check'];
}

/** Follows shell text from its start. */
export function runText(fragment: Fragment, scope: Scope, session: Session, input: Fragment | null = null): Result {
  if (session.nesting >= MAX_NESTING) return NOTHING;
  session.nesting++;
  try {
    const text = untemplated(fragment);
    const tree = parse('bash', text.text);
    if (typeof tree === 'string') {
      session.unread.push(tree);
      return NOTHING;
    }
    const shell = new Shell(text, session, input);
    const result = shell.block(tree.children, scope);
    // What is called from elsewhere (a file that sources this one) sees the variables as they are at the end.
    const uncalled = scope.uncalled().filter((one) => one.fragment === text);
    const calls = uncalled.flatMap((one) => {
      one.called = true;
      const branch = scope.fork();
      branch.ended = false;
      branch.deleted.clear();
      return [...shell.statement(one.body, branch).calls];
    });
    return { ...result, calls: [...result.calls, ...calls] };
  } finally {
    session.nesting--;
  }
}

/** `{{ app }}`, `${{ inputs.app }}`, `<%= app %>` become variables that are not known; each character keeps its place. */
function untemplated(fragment: Fragment): Fragment {
  const { text } = fragment;
  if (!text.includes('{{') && !text.includes('<%') && !text.includes('{%')) return fragment;
  const plain = text
    .replace(/\{%-?[^%]*-?%\}/g, (all) => ' '.repeat(all.length))
    .replace(/\$?\{\{([^{}]*)\}\}|<%=([^%]*)%>/g, (all, one?: string, other?: string) => `\${${(one ?? other ?? '').trim().replace(/\W/g, '_').padEnd(all.length - 3, '_').slice(0, all.length - 3)}}`);
  return fragment.withText(plain);
}
