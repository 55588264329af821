import type { Syntax } from '../shell/grammar.ts';
import type { Translation } from './translation.ts';

/** Neither a redirection nor a comment. */
export function isWord({ named, type }: Syntax): boolean {
  return named && !type.endsWith('_redirect') && type !== 'comment';
}

export function commandWords(node: Syntax, to: Translation): void {
  const words = node.children.filter(isWord);
  const said = words.map(({ start, end }) => to.text.slice(start, end));
  const [name, first] = words;
  for (const one of node.children) if (one.type.endsWith('_redirect')) argument(one, to, false);
  if (!name) return;
  switch (said[0] ?? '') {
    case 'set':
      assigned(words, said, to);
      return;
    case 'test':
      to.change(name.start, name.end, '[');
      to.change((words.at(-1) ?? name).end, (words.at(-1) ?? name).end, ' ]');
      break;
    case 'fish_is_root_user':
      to.change(name.start, name.end, '[ "$(id -u)" -eq 0 ]');
      break;
    case 'alias':
      if (words.length === 3 && first && words[2]) to.change(first.end, words[2].start, '=');
      break;
    case 'command':
    case 'type':
      if (first && /^(-[qs]+|--query|--search)$/.test(said[1] ?? ''))
        to.change(first.start, first.end, said[0] === 'command' ? '-v' : '');
  }
  for (const word of words) argument(word, to, false);
}

/** `set`: an assignment, an array if there are several values, an export with -x. */
function assigned(words: readonly Syntax[], said: readonly string[], to: Translation): void {
  let at = 1;
  while (said[at]?.startsWith('-') === true && said[at] !== '--') at++;
  const options = said.slice(1, at);
  if (said[at] === '--') at++;
  const has = (short: string, long: string): boolean =>
    options.some((one) => one === long || (/^-\w+$/.test(one) && one.includes(short)));
  const [start, end] = [words[0]?.start ?? 0, words.at(-1)?.end ?? 0];
  const name = said[at] ?? '';
  const values = words.slice(at + 1);
  if (has('q', '--query')) {
    to.change(start, end, `[ -n "$${name.replace(/\W.*$/, '') || '_'}" ]`);
    return;
  }
  if (has('e', '--erase')) {
    to.change(start, end, `unset ${said.slice(at).join(' ')}`);
    return;
  }
  if (!/^\w+$/.test(name) || has('n', '--names') || has('S', '--show')) {
    to.change(start, end, 'true');
    return;
  }
  if (has('u', '--unexport') && values.length === 0) {
    to.change(start, end, `export -n ${name}`);
    return;
  }
  const isList = to.lists.has(name);
  const exports = has('x', '--export') ? 'export ' : '';
  const operator = has('a', '--append') || has('p', '--prepend') ? '+=' : '=';
  const [first, last] = [values[0], values.at(-1)];
  if (!first || !last) {
    to.change(start, end, `${exports}${name}${operator}`);
    return;
  }
  to.change(start, first.start, isList ? `${name}${operator}(` : `${exports}${name}${operator}`);
  for (const value of values) argument(value, to, false);
  if (isList) to.change(last.end, last.end, exports === '' ? ')' : `); export ${name}`);
}

export function argument(node: Syntax, to: Translation, single: boolean, quoted = false): void {
  switch (node.type) {
    case 'command_substitution': {
      if (to.text[node.start] === '(') to.change(node.start, node.start, '$');
      to.statements(node.children);
      return;
    }
    case 'variable_expansion':
      variable(node, to, single || quoted);
      return;
    case 'single_quote_string':
      // In quotes fish knows the escapes \' and \\ .
      if (/\\['\\]/.test(to.text.slice(node.start, node.end)))
        to.change(node.start, node.end, quoteOf(to.text.slice(node.start + 1, node.end - 1)));
      return;
    default:
      for (const child of node.children) argument(child, to, single, quoted || node.type === 'double_quote_string');
  }
}

function quoteOf(inner: string): string {
  return `'${inner.replace(/\\(['\\])/g, (_, one: string) => (one === "'" ? `'\\''` : one))}'`;
}

function variable(node: Syntax, { text, lists, change }: Translation, single: boolean): void {
  const [, name = '', index = ''] = /^\$+(\w+)(?:\[(.*)\])?$/s.exec(text.slice(node.start, node.end)) ?? [];
  const replace = (by: string): void => {
    change(node.start, node.end, by);
  };
  if (name === 'status') {
    replace('$?');
    return;
  }
  const number = /^\d+$/.test(index) ? Number(index) : null;
  if (name === 'argv') {
    if (number !== null) {
      replace(number > 9 ? `\${${number}}` : `$${number}`);
      return;
    }
    replace(single ? '$*' : index === '' || index === '1..-1' ? '"$@"' : '$*');
    return;
  }
  if (number !== null) {
    replace(lists.has(name) ? `\${${name}[${number - 1}]}` : `$${name}`);
    return;
  }
  if (lists.has(name)) {
    replace(single ? `\${${name}[*]}` : `"\${${name}[@]}"`);
    return;
  }
  if (index !== '') replace(`$${name}`);
}
