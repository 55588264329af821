import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * The words between the guard and a door: the file in place of a sealed pm2's bin/pm2 (src/seal/door.cjs). Symbols on
 * `process`, because what stands in the environment ends up in apps.
 */
const DOOR = Symbol.for('pm2-guard.door');
const DECIDED = Symbol.for('pm2-guard.decided');
const marks = process as unknown as Record<symbol, unknown>;

/** The pm2 by whose path this call came to us, as plain pm2 would have had it in argv[1]; null: it came through the shim. */
export function doorOfThisCall(): string | null {
  const door = marks[DOOR];
  return typeof door === 'string' ? door : null;
}

/** From here on a door that is loaded in this process opens, and nothing tells of the one that this call came through. */
export function openDoors(bin: string): void {
  Reflect.deleteProperty(marks, DOOR);
  marks[DECIDED] = true;
  try {
    // The one that this call came through has run already, and node runs no module twice.
    Reflect.deleteProperty(createRequire('/').cache, realpathSync.native(bin));
  } catch {
    // it vanished meanwhile: pm2's own error tells
  }
}

/**
 * The first word for a door in the process that this one becomes or starts: that the call was decided. It holds for no other
 * process, so nobody's script ever learns to say it.
 */
export function decidedWord(): string {
  return `--pm2-guard-decided=${process.pid}`;
}
