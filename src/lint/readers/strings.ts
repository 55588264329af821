import type { Syntax } from '../shell/grammar.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';

export const STRINGS = new Set([
  'string',
  'encapsed_string',
  'template_string',
  'raw_string',
  'heredoc',
  'nowdoc',
  'bare_string',
  'simple_symbol',
  'shell_command_expression',
  'subshell',
]);
const CONTENT = new Set([
  'string_content',
  'string_fragment',
  'string_value',
  'heredoc_content',
  'nowdoc_string',
  'text',
]);
const FIXED = /^(string_start|string_end|heredoc_start|heredoc_end|heredoc_body)$/;

/** The text of a string literal, with `${_}` for interpolations. Null: it is no string. */
export function strings(node: Syntax, host: Fragment): Fragment | null {
  if (!STRINGS.has(node.type)) return null;
  const builder = new FragmentBuilder();
  if (node.type === 'simple_symbol') return host.slice(node.start + 1, node.end);
  const add = (child: Syntax): void => {
    const text = host.text.slice(child.start, child.end);
    if (CONTENT.has(child.type) && child.children.every(({ type }) => type === 'escape_sequence'))
      addContent(builder, host, child);
    else if (child.type === 'escape_sequence') builder.add(escapeOf(text), host.at(child.start), true);
    else if (child.type === 'heredoc_body' || CONTENT.has(child.type)) child.children.forEach(add);
    else if (child.named && !FIXED.test(child.type))
      builder.add(/^\$\w+$/.test(text) ? text : '${_}', host.at(child.start), true);
  };
  node.children.forEach(add);
  return builder.build();
}

function addContent(builder: FragmentBuilder, host: Fragment, node: Syntax): void {
  let at = node.start;
  for (const escape of node.children) {
    builder
      .addFragment(host.slice(at, escape.start))
      .add(escapeOf(host.text.slice(escape.start, escape.end)), host.at(escape.start), true);
    at = escape.end;
  }
  builder.addFragment(host.slice(at, node.end));
}

function escapeOf(text: string): string {
  const plain: Record<string, string> = { '\\n': '\n', '\\t': '\t', '\\r': '', '\\\n': '' };
  return plain[text] ?? text.slice(1);
}
