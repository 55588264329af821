import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a door starts with: the original's own lines for the kernel and the shell, so that the same program runs it. */
export type DoorText = { type: 'text'; text: string } | { type: 'foreign'; why: string };

/** What a door is made of: beside the running bundle, as beside this file. Null: the installation is damaged. */
export function doorSource(): string | null {
  try {
    return readFileSync(join(__dirname, 'door.cjs'), 'utf8');
  } catch {
    return null;
  }
}

/**
 * The door for one bin/pm2: the lines by which that one finds its interpreter, then ours.
 *
 * @param original its text. PM2's begins with `#!/usr/bin/env node`; that of 7.0.0 is a shell script whose second line
 * becomes
 *   node, and to node is a string and a comment
 * @param door `doorSource()`
 */
export function doorText(original: string, door: string): DoorText {
  const [first = '', second = ''] = original.split('\n', 2);
  if (/^#!.*\bnode\b/.test(first)) return { type: 'text', text: `${first}\n${door}` };
  if (/^#!\/bin\/sh\s*$/.test(first) && /^':' \/\/; exec .*\bnode\b/.test(second))
    return { type: 'text', text: `${first}\n${second}\n${door}` };
  return { type: 'foreign', why: 'is not the program that npm installs: its first line does not name node' };
}
