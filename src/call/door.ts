import { createRequire } from 'node:module';
import { realpathOrNull } from '../runtime/peek.ts';

/** Shared with the bin/pm2 of a sealed pm2 (src/bin/door.cjs). Not in the environment, which apps get. */
const DOOR = Symbol.for('pm2-guard.door');
const DECIDED = Symbol.for('pm2-guard.decided');
const marks = process as unknown as Record<symbol, unknown>;

/** The path of the sealed pm2 that started this call, like argv[1]. Null: the shim started it. */
export function doorOfThisCall(): string | null {
  const door = marks[DOOR];
  return typeof door === 'string' ? door : null;
}

/** Lets the sealed pm2 run in this process, and forgets how this call started. */
export function openDoors(): void {
  const came = doorOfThisCall();
  marks[DECIDED] = true;
  if (came === null) return;
  Reflect.deleteProperty(marks, DOOR);
  // node runs a module only once, but this one must run again. In a directory that is closed to this user it cannot.
  const path = realpathOrNull(came);
  if (path !== null) Reflect.deleteProperty(createRequire('/').cache, path);
}

/** Tells the sealed pm2 that the guard has decided. It holds for this pid only, so a script cannot contain it. */
export function decidedWord(): string {
  return `--pm2-guard-decided=${process.pid}`;
}
