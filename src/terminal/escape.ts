import { isPrintable } from './plain.ts';

/**
 * Text that came from outside (argv, file names, a config line), safe to print on a terminal or in a log line:
 * C0 and C1 control characters, DEL, and the Unicode line and bidirectional controls are shown as `\x1b` or `\u202e`.
 * Without this an app name could move the cursor, forge a second log line or reverse what is read (CVE-2003-0063,
 * CVE-2021-42574).
 */
export function escapeControls(text: string): string {
  if (isPrintable(text)) return text; // nearly all, and told in a quarter of the time
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
