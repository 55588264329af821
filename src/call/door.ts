import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * The words between the guard and a door: the file in place of a sealed pm2's bin/pm2 (src/seal/door.cjs). Symbols on
 * `process`, because what stands in the environment ends up in apps.
 */
const DOOR = Symbol.for('pm2-guard.door');
const DECIDED = Symbol.for('pm2-guard.decided');
const marks = process as unknown as Record<symbol, unknown>;

/**
 * The pm2 by whose path this call came to us, as plain pm2 would have had it in argv[1]; null: it came through the
 * shim.
 */
export function doorOfThisCall(): string | null {
  const door = marks[DOOR];
  return typeof door === 'string' ? door : null;
}

/**
 * From here on a door that is loaded in this process opens, and nothing tells of the one that this call came through.
 */
export function openDoors(): void {
  const came = doorOfThisCall();
  marks[DECIDED] = true;
  if (came === null) return;
  Reflect.deleteProperty(marks, DOOR);
  // It is to run once more, and node runs no module twice.
  Reflect.deleteProperty(createRequire('/').cache, realpathSync.native(came));
}

/**
 * The first word for a door in the process that this one becomes or starts: that the call was decided. It holds for no
 * other process, so no script can be written to pass it.
 */
export function decidedWord(): string {
  return `--pm2-guard-decided=${process.pid}`;
}
