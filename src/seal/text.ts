import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A door starts with the first lines of the original, so that the same interpreter runs it. */
export type DoorText = { type: 'text'; text: string } | { type: 'foreign'; why: string };

/** Reads door.cjs beside the running bundle. Null: the installation is damaged. */
export function doorSource(): string | null {
  try {
    return readFileSync(join(__dirname, 'door.cjs'), 'utf8');
  } catch {
    return null;
  }
}

/** Keeps the interpreter line `#!/usr/bin/env node`; PM2 7.0.0 has a shell script whose second line execs node. */
export function doorText(original: string, door: string): DoorText {
  const [first = '', second = ''] = original.split('\n', 2);
  if (/^#!.*\bnode\b/.test(first)) return { type: 'text', text: `${first}\n${door}` };
  if (/^#!\/bin\/sh\s*$/.test(first) && /^':' \/\/; exec .*\bnode\b/.test(second))
    return { type: 'text', text: `${first}\n${second}\n${door}` };
  return { type: 'foreign', why: 'is not the program that npm installs: its first line does not name node' };
}
