import { parse, type Syntax, type Unparsed } from '../shell/grammar.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import type { Change, Translation } from './translation.ts';
import { argument, commandWords, isWord } from './words.ts';

/**
 * Translates fish to bash text that makes the same pm2 calls, so that one reader handles both shells. Each kept
 * character keeps its position.
 * @see fishlang(5), "fish for bash users"
 */
export function bashOfFish(fragment: Fragment): Fragment | Unparsed {
  const { text } = fragment;
  const tree = parse('fish', text);
  if (typeof tree === 'string') return tree;
  const changes: Change[] = [];
  const translation: Translation = {
    text,
    lists: listsIn(tree, text),
    change: (start, end, now) => {
      changes.push({ start, end, text: now });
    },
    statements: (nodes) => {
      block(nodes, translation);
    },
  };
  block(tree.children, translation);
  const builder = new FragmentBuilder();
  let at = 0;
  for (const change of changes.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (change.start < at) continue;
    builder.addFragment(fragment.slice(at, change.start)).add(change.text, fragment.at(change.start), true);
    at = change.end;
  }
  return builder.addFragment(fragment.slice(at, text.length)).build();
}

/** The variables to which some `set NAME VALUE VALUE...` gives several values. */
function listsIn(node: Syntax, text: string, found = new Set(['argv'])): Set<string> {
  const words = node.type === 'command' ? node.children.filter(isWord) : [];
  const [first, ...rest] = words.map(({ start, end }) => text.slice(start, end));
  const plain = rest.filter((one) => !one.startsWith('-'));
  if (first === 'set' && plain.length > 2) found.add(plain[0] ?? '');
  for (const child of node.children) listsIn(child, text, found);
  return found;
}

const isNamed = ({ named, type }: Syntax) => named && type !== 'comment';

/** Consecutive statements. `and` and `or` at the start of one join it to the one before. */
function block(nodes: readonly Syntax[], to: Translation): void {
  let before: Syntax | null = null;
  for (const node of nodes) {
    if (!isNamed(node)) continue;
    if (node.type === 'conditional_execution') joined(node, before, to);
    else statement(node, to);
    before = node;
  }
}

function joined(node: Syntax, before: Syntax | null, to: Translation): void {
  const [word] = node.children;
  const operator = { and: ' && ', or: ' || ' }[word?.type ?? ''];
  if (word && operator !== undefined && word.start === node.start)
    to.change(before?.end ?? word.start, word.end, before === null ? ' '.repeat(word.type.length) : operator);
  block(node.children.slice(operator === undefined ? 0 : 1), to);
}

function statement(node: Syntax, to: Translation): void {
  switch (node.type) {
    case 'command':
      commandWords(node, to);
      return;
    case 'if_statement':
      branch(node, to, 'fi');
      return;
    case 'else_if_clause':
      to.change(node.start, token(node, 'if')?.end ?? node.start, 'elif');
      condition(node, to, '; then :');
      return;
    case 'else_clause':
      after(token(node, 'else'), ' :', to);
      block(node.children, to);
      return;
    case 'while_statement':
      condition(node, to, '; do :');
      closed(node, 'done', to);
      return;
    case 'for_statement':
      loop(node, to);
      return;
    case 'switch_statement':
      cases(node, to);
      return;
    case 'begin_statement':
      group(node, to);
      return;
    case 'function_definition':
      define(node, to);
      return;
    case 'negated_statement':
      to.change(node.start, node.children[0]?.end ?? node.start, '!');
      block(node.children, to);
      return;
    case 'pipe':
      for (const one of node.children) if (one.type === '&|') to.change(one.start, one.end, '2>&1 |');
      block(node.children, to);
      return;
    default:
      for (const child of node.children) argument(child, to, false);
  }
}

function token(node: Syntax, type: string): Syntax | undefined {
  return node.children.find((child) => child.type === type);
}

function after(node: Syntax | undefined, text: string, { change }: Translation): void {
  if (node) change(node.end, node.end, text);
}

function closed(node: Syntax, word: string, to: Translation): void {
  const end = node.children.filter(({ type }) => type === 'end').at(-1);
  if (end) to.change(end.start, end.end, word);
}

function branch(node: Syntax, to: Translation, word: string): void {
  condition(node, to, '; then :');
  closed(node, word, to);
}

/** The first statement, with the `and` and `or` that follow it, is the condition; the rest is the body. */
function condition(node: Syntax, to: Translation, then: string): void {
  const inner = node.children.filter(isNamed);
  let last = 0;
  while (inner[last + 1]?.type === 'conditional_execution') last++;
  block(inner.slice(0, last + 1), to);
  after(inner[last], then, to);
  block(inner.slice(last + 1), to);
}

function loop(node: Syntax, to: Translation): void {
  const values = node.children.filter(({ field, named }) => named && field === 'value');
  for (const value of values) argument(value, to, true);
  after(values.at(-1) ?? token(node, 'in'), '; do :', to);
  const from = values.at(-1)?.end ?? 0;
  block(
    node.children.filter(({ type, field, start }) => type !== 'variable_name' && field !== 'value' && start >= from),
    to,
  );
  closed(node, 'done', to);
}

function cases(node: Syntax, to: Translation): void {
  const clauses = node.children.filter(({ type }) => type === 'case_clause');
  const word = token(node, 'switch');
  const value = node.children.find((child) => isNamed(child) && child.type !== 'case_clause');
  if (word) to.change(word.start, word.end, 'case');
  if (value) {
    argument(value, to, true);
    to.change(value.end, clauses[0]?.start ?? value.end, ' in\n');
  }
  for (const clause of clauses) {
    const separator = clause.children.find(({ named, type }, at) => at > 0 && !named && type !== 'case');
    const patterns = clause.children.filter((one) => isNamed(one) && one.end <= (separator?.start ?? one.end));
    // A quoted `*` is the wildcard of fish's switch.
    const written = patterns.map(({ start, end }) => to.text.slice(start, end).replace(/^(['"])\*\1$/, '*'));
    to.change(clause.start, patterns.at(-1)?.end ?? clause.start, `${written.join('|')}) :`);
    block(
      clause.children.filter((one) => !patterns.includes(one)),
      to,
    );
    to.change(clause.end, clause.end, '\n:\n;;\n');
  }
  closed(node, 'esac', to);
}

/** Local variables of a block end with it; in bash only a subshell does that. */
function group(node: Syntax, to: Translation): void {
  const [word] = node.children;
  const isLocal = node.children.some((one) => /^set\s+-(?!-)\w*l/.test(to.text.slice(one.start, one.end)));
  if (word) to.change(word.start, word.end, isLocal ? '( :' : '{ :');
  block(node.children, to);
  closed(node, isLocal ? ')' : '}', to);
}

function define(node: Syntax, to: Translation): void {
  const separator = node.children.find(({ named, type }) => !named && type !== 'function');
  const header = node.children.filter((one) => isNamed(one) && one.end <= (separator?.start ?? 0));
  const words = header.map(({ start, end }) => to.text.slice(start, end));
  const from = words.findIndex((one) => one === '-a' || one === '--argument-names');
  const names = from < 0 ? [] : words.slice(from + 1);
  const stop = names.findIndex((one) => one.startsWith('-'));
  const given = (stop < 0 ? names : names.slice(0, stop)).map((name, at) => ` ${name}=$${at + 1};`).join('');
  to.change(node.start, header.at(-1)?.end ?? node.start, `${words[0] ?? '_'}() {${given} :`);
  block(
    node.children.filter((one) => !header.includes(one)),
    to,
  );
  closed(node, '}', to);
}
