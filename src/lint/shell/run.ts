import type { LintCall } from '../model.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import { isTest, userCheck, type UserCheck } from './checks.ts';
import { assign, declare } from './assign.ts';
import { runCommand } from './command.ts';
import { parse, type Syntax } from './grammar.ts';
import { branches, cases, list, loop, pipeline, repeated } from './flow.ts';
import { runRedirected } from './redirects.ts';
import type { ShellScope } from './scope.ts';
import { MAX_NESTING, type Session } from './session.ts';
import { untemplated } from './templates.ts';
import { ShellWords } from './words.ts';

/** The effects of a statement. */
export interface RunResult {
  /** Its output, if that is text of the script; null: unknown. */
  out: Fragment | null;
  calls: readonly LintCall[];
  check: UserCheck | null;
}

export const NOTHING: RunResult = { out: null, calls: [], check: null };

export class RunShell {
  readonly words: ShellWords;

  /** @param input the standard input of its commands */
  constructor(
    readonly fragment: Fragment,
    readonly session: Session,
    readonly input: Fragment | null = null,
  ) {
    this.words = new ShellWords(fragment, {
      substitute: (node, scope) => this.substitute(node, scope),
      expands: (length) => session.expands(length),
    });
  }

  text(node: Pick<Syntax, 'start' | 'end'>): string {
    return this.fragment.text.slice(node.start, node.end);
  }

  private substitute(node: Syntax, scope: ShellScope): { out: Fragment | null; asks: readonly LintCall[] } {
    const result = this.session.within({ asked: true }, () => this.block(node.children, scope.fork()));
    return { out: result.out, asks: result.calls };
  }

  block(nodes: readonly Syntax[], scope: ShellScope): RunResult {
    const calls: LintCall[] = [];
    const out = new FragmentBuilder();
    let printed = false;
    let certain = true;
    let failed: LintCall[] = [];
    let check: UserCheck | null = null;
    for (const node of nodes) {
      if (!node.named || scope.ended) continue;
      if (!this.session.step()) break;
      // `if [ $? -ne 0 ]` tests the statement before.
      const asks = /\$\?/.test(node.type === 'if_statement' ? this.text(node).slice(0, 60) : '') ? failed : [];
      const result = this.statement(node, scope, asks);
      calls.push(...result.calls);
      failed = [...result.calls];
      check = result.check;
      if (result.out === null) certain = certain && SILENT.has(node.type);
      else if (!this.session.expands(result.out.text.length)) break;
      else {
        out.addFragment(result.out);
        printed = true;
      }
    }
    return { out: printed && (certain || calls.length === 0) ? out.build() : null, calls, check };
  }

  statement(node: Syntax, scope: ShellScope, asked: readonly LintCall[] = []): RunResult {
    switch (node.type) {
      case 'command':
        return isTest(node) ? this.test(node, scope) : runCommand(this, node, scope, null);
      case 'test_command':
        return this.test(node, scope);
      case 'redirected_statement':
        return runRedirected(this, node, scope);
      case 'list':
        return list(this, node, scope);
      case 'negated_command':
        return this.negated(node, scope);
      case 'pipeline':
        return pipeline(this, node, scope, null);
      case 'if_statement':
        return branches(this, node, scope, asked);
      case 'case_statement':
        return cases(this, node, scope);
      case 'for_statement':
        return loop(this, node, scope);
      case 'while_statement':
      case 'c_style_for_statement':
        return repeated(this, node, scope);
      case 'function_definition':
        return this.define(node, scope);
      case 'subshell': {
        const forked = scope.fork();
        return this.block(node.children, forked);
      }
      case 'variable_assignment':
      case 'variable_assignments': {
        for (const one of node.type === 'variable_assignment' ? [node] : node.children) assign(this, one, scope);
        return NOTHING;
      }
      case 'declaration_command':
        return declare(this, node, scope);
      case 'unset_command': {
        for (const child of node.children) if (child.named) scope.set(this.text(child), null);
        return NOTHING;
      }
      case 'comment':
        return this.comment(node, scope);
      case 'program':
      case 'compound_statement':
      case 'do_group':
      case 'ERROR':
        return this.block(node.children, scope);
      default:
        return NOTHING;
    }
  }

  private comment(node: Syntax, scope: ShellScope): RunResult {
    const [, name] = /pm2-guard:\s*run-as\s+([\w.-]+)/.exec(this.text(node)) ?? [];
    if (name !== undefined) scope.user = { kind: 'known', name, said: 'the run-as comment' };
    return NOTHING;
  }

  private test(node: Syntax, scope: ShellScope): RunResult {
    const calls: LintCall[] = [];
    const look = (child: Syntax): void => {
      if (['string', 'simple_expansion', 'expansion', 'command_substitution', 'concatenation'].includes(child.type)) {
        calls.push(...this.words.read(child, scope).asks);
      } else child.children.forEach(look);
    };
    node.children.forEach(look);
    return { out: null, calls, check: userCheck(this.text(node)) };
  }

  private negated(node: Syntax, scope: ShellScope): RunResult {
    const inner = node.children.find(({ named }) => named);
    if (!inner) return NOTHING;
    const { calls, check } = this.session.within({ asked: true }, () => this.statement(inner, scope));
    return { out: null, calls, check: check && { ...check, is: !check.is } };
  }

  private define(node: Syntax, scope: ShellScope): RunResult {
    const [name, body] = ['name', 'body'].map((field) => node.children.find((child) => child.field === field));
    if (name && body) scope.define(this.text(name), body, this.fragment);
    return NOTHING;
  }
}

const SILENT = new Set([
  'comment',
  'variable_assignment',
  'variable_assignments',
  'declaration_command',
  'function_definition',
]);
/** Follows shell text from its start. */
export function runText(
  fragment: Fragment,
  scope: ShellScope,
  session: Session,
  input: Fragment | null = null,
): RunResult {
  if (session.nesting >= MAX_NESTING) return NOTHING;
  session.nesting++;
  try {
    const text = untemplated(fragment);
    const tree = parse('bash', text.text);
    if (typeof tree === 'string') {
      session.unread.push(tree);
      return NOTHING;
    }
    const shell = new RunShell(text, session, input);
    const result = shell.block(tree.children, scope);
    // A file that sources this one may call its functions; they see the final variables.
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
