import type { Fragment } from '../text.ts';

/** `{{ app }}`, `${{ inputs.app }}`, `<%= app %>` become unknown variables; each character keeps its position. */
export function untemplated(fragment: Fragment): Fragment {
  const { text } = fragment;
  if (!text.includes('{{') && !text.includes('<%') && !text.includes('{%')) return fragment;
  const plain = text
    .replace(/\{%-?[^%]*-?%\}/g, (all) => ' '.repeat(all.length))
    .replace(
      /\$?\{\{([^{}]*)\}\}|<%=([^%]*)%>/g,
      (all, one?: string, other?: string) =>
        `\${${(one ?? other ?? '')
          .trim()
          .replace(/\W/g, '_')
          .padEnd(all.length - 3, '_')
          .slice(0, all.length - 3)}}`,
    );
  return fragment.withText(plain);
}
