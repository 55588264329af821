import { kindOfPath, kindOfText, type Kind } from '../kinds.ts';
import type { Fragment } from '../text.ts';
import { FragmentBuilder } from '../text.ts';
import { contextOfPath } from '../context.ts';
import { runCommand } from './command.ts';
import { pipeline, proceed } from './flow.ts';
import type { Syntax } from './grammar.ts';
import { NOTHING, type RunResult, type RunShell } from './run.ts';
import { ShellScope } from './scope.ts';
import type { Session } from './session.ts';
import type { ParsedWord } from './words.ts';

/** The right side of `||`, if it hides a failure; else null. */
export function hides(text: string): string | null {
  const [, word] = /^\s*(true|:|\/bin\/true|exit\s+0|return\s+0)\s*($|[;)}&|\n])/.exec(text) ?? [];
  return word === undefined ? null : `|| ${word}`;
}

interface Effect {
  hidden: string | null;
  target: Syntax | null;
  input: Fragment | null;
}

/** The effect of a statement's redirections. */
export function effectOf(shell: RunShell, redirects: readonly Syntax[], scope: ShellScope): Effect {
  const effect: Effect = { hidden: null, target: null, input: null };
  let outToNull = false;
  for (const node of redirects) {
    const operator = node.children.find(({ named }) => !named);
    const sign = operator ? shell.text(operator) : '';
    if (node.type === 'herestring_redirect') {
      const word = node.children.find(({ named }) => named);
      if (word) effect.input = shell.words.read(word, scope).origin;
      continue;
    }
    if (node.type === 'heredoc_redirect') {
      effect.input = hereDocument(shell, node, scope);
      continue;
    }
    const descriptor = node.children.find(({ type }) => type === 'file_descriptor');
    const from = descriptor ? shell.text(descriptor) : '1';
    const destination = node.children.find(({ field }) => field === 'destination');
    if (!destination || sign.startsWith('<')) continue;
    const to = shell.text(destination);
    const everything = sign.startsWith('&>') || (sign === '>&' && !/^\d$/.test(to));
    if (to === '/dev/null' && (everything || from === '2')) effect.hidden = everything ? '&>/dev/null' : '2>/dev/null';
    else if (to === '/dev/null' && from === '1') outToNull = true;
    else if (sign === '>&' && from === '2' && to === '1' && outToNull) effect.hidden = '>/dev/null 2>&1';
    else if (from === '1' && sign !== '>&') effect.target = destination;
  }
  return effect;
}

function hereDocument(shell: RunShell, node: Syntax, scope: ShellScope): Fragment | null {
  const [start, body] = ['heredoc_start', 'heredoc_body'].map((type) =>
    node.children.find((child) => child.type === type),
  );
  if (!body) return null;
  const quoted = start !== undefined && /^['"\\]/.test(shell.text(start));
  const text = quoted ? shell.fragment.slice(body.start, body.end) : shell.words.read(body, scope).origin;
  return shell.text(node).startsWith('<<-') ? withoutTabs(text) : text;
}

function withoutTabs(fragment: Fragment): Fragment {
  const builder = new FragmentBuilder();
  let at = 0;
  for (const line of fragment.text.split(/(?<=\n)/)) {
    const tabs = /^\t*/.exec(line)?.[0].length ?? 0;
    builder.addFragment(fragment.slice(at + tabs, at + line.length));
    at += line.length;
  }
  return builder.build();
}

/** A statement with redirections. The grammar puts words after a here-document's mark below the redirection. */
export function runRedirected(
  shell: RunShell,
  node: Syntax,
  scope: ShellScope,
  piped: Fragment | null = null,
): RunResult {
  const body = node.children.find(({ field }) => field === 'body');
  const redirects = node.children.filter(({ type }) => type.endsWith('_redirect'));
  const nested = redirects.filter(({ type }) => type === 'heredoc_redirect').flatMap(({ children }) => children);
  const effect = effectOf(shell, [...redirects, ...nested.filter(({ type }) => type === 'file_redirect')], scope);
  const { session } = shell;
  const right = nested.find(({ field }) => field === 'right');
  const operator = nested.find(({ type }) => type === '&&' || type === '||')?.type;
  const hidden = effect.hidden ?? (operator === '||' && right ? hides(shell.text(right)) : null);
  const input = effect.input ?? piped;
  const first = session.within({ hidden: hidden ?? session.hidden }, () =>
    body
      ? runBody(
          shell,
          body,
          scope,
          input,
          nested.filter(({ field }) => field === 'argument'),
        )
      : NOTHING,
  );
  if (effect.target !== null && first.out !== null)
    writeFile(shell.words.read(effect.target, scope), first.out, scope, session);
  const left: RunResult = effect.target === null ? first : { ...first, out: null };
  const next = nested.find(({ type }) => type === 'pipeline');
  if (next) {
    const after = pipeline(shell, next, scope, left.out);
    return { ...after, calls: [...left.calls, ...after.calls] };
  }
  return right && operator !== undefined
    ? proceed(shell, operator, left, (branch) => shell.statement(right, branch), scope)
    : left;
}

function runBody(
  shell: RunShell,
  body: Syntax,
  scope: ShellScope,
  input: Fragment | null,
  more: readonly Syntax[],
): RunResult {
  if (body.type === 'command') return runCommand(shell, body, scope, input, more);
  if (body.type === 'list') {
    // `a && b <<EOF`: the here-document belongs to the last command.
    const last = body.children.at(-1);
    if (input !== null && last?.type === 'command') {
      const parts = body.children.filter(({ named }) => named);
      const [left] = parts;
      const operator = body.children.find(({ type }) => type === '&&' || type === '||')?.type ?? '&&';
      if (left && parts.length === 2)
        return proceed(
          shell,
          operator,
          shell.statement(left, scope),
          (branch) => runCommand(shell, last, branch, input, more),
          scope,
        );
    }
  }
  if (body.type === 'pipeline' && input !== null) return pipeline(shell, body, scope, input);
  return shell.statement(body, scope);
}

/** A file that a script writes is linted as if it existed. */
export function writeFile(path: ParsedWord, content: Fragment, scope: ShellScope, session: Session): void {
  const named: Kind | null = kindOfPath(path.text.replace(/^"|"$/g, ''));
  const kind = named ?? kindOfText(content.text) ?? null;
  if (kind === null || kind === 'text') return;
  const { user, forms } = contextOfPath(path.text);
  session.within({ hidden: null, onlyAfter: [], asked: false }, () => {
    session.readPart(kind, content, new ShellScope(user, scope.world, null, forms), session);
  });
}
