import type { Fragment } from '../text.ts';

/** The lines of a fragment without line ends; with `joins`, a line that ends in a backslash continues. */
export function linesOf(fragment: Fragment, joins = false): Fragment[] {
  const found: Fragment[] = [];
  const { text } = fragment;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && text[at] !== '\n') continue;
    if (joins && at < text.length && text[at - 1] === '\\') continue;
    found.push(fragment.slice(start, at > start && text[at - 1] === '\r' ? at - 1 : at));
    start = at + 1;
  }
  return found;
}

export function trimmed(fragment: Fragment): Fragment {
  const { text } = fragment;
  const start = /^\s*/.exec(text)?.[0].length ?? 0;
  return fragment.slice(start, Math.max(start, text.trimEnd().length));
}
