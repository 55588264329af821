import { isPrintable } from './plain.ts';

const CONTROL = '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f\\u2028-\\u202e';
const INVISIBLE = '\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb';

/**
 * Controls, bidirectional controls, and characters without a width, with which two names look the same. Built only
 * when it is needed: most calls print plain text.
 */
function unseen(): RegExp {
  return new RegExp(`[${CONTROL}${INVISIBLE}]|\\u034f|\\u17b4|\\u17b5|\\udb40[\\udc00-\\udc7f]`, 'g');
}

/**
 * Makes untrusted text safe for a terminal or log line. Control characters could move the cursor, forge a line or
 * reverse text (CVE-2003-0063, CVE-2021-42574).
 */
export function escapeControls(text: string): string {
  if (isPrintable(text)) return text; // usual case, four times faster
  return text.replace(unseen(), (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units
      .map((code) =>
        code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`,
      )
      .join('');
  });
}
