import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../terminal/user-error.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';
import type { MovedApp, Move, MoveStep } from './move.ts';

/** What became of a move so far. */
export type JournalEntry =
  | { move: Move }
  | { step: MoveStep; at: 'begin' | 'done'; back: boolean }
  /** What only the end of the old daemon could tell (T33). */
  | { learned: MovedApp[] }
  /** From here on it goes back to the old daemon. */
  | { back: true; why: string };

/**
 * The journal of one move: a line of JSON before and after each step, on disk before anything follows. It holds
 * environments, and with them secrets: root's alone, and gone when the move is over, either way.
 */
export class Journal {
  readonly #fd: number;

  private constructor(
    readonly file: string,
    fd: number,
  ) {
    this.#fd = fd;
  }

  static begin(directory: string, move: Move): Journal {
    const file = join(directory, `${Date.now()}-${process.pid}.journal`);
    const fd = openSync(
      file,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW,
      0o600,
    );
    const journal = new Journal(file, fd);
    journal.write({ move });
    syncDirectory(directory);
    return journal;
  }

  static reopen(file: string): Journal {
    return new Journal(file, openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW));
  }

  write(entry: JournalEntry): void {
    writeFileSync(this.#fd, `${JSON.stringify(entry)}\n`); // until all of it is written
    fsyncSync(this.#fd);
  }

  /** The move is over. */
  close(): void {
    closeSync(this.#fd);
    unlinkSync(this.file);
  }
}

/** A move that was begun and not ended. */
export interface Unfinished {
  file: string;
  move: Move;
  /** The steps that are known to be done, towards the new home. */
  done: MoveStep[];
  /** The step that was begun last, and may have happened. */
  last: MoveStep | null;
  /** It was on its way back. */
  back: boolean;
  /** The apps of `move` are those that the old daemon left word of. */
  learned: boolean;
}

/**
 * The unfinished moves, oldest first. A first line that was cut off is a move that had not begun: nothing was touched.
 */
export function unfinished(directory: string): Unfinished[] {
  return journals(directory).flatMap((file) => read(file) ?? []);
}

/** Takes the journals away that have no whole line; for whoever holds the lock, or one could be being begun. */
export function sweep(directory: string): void {
  for (const file of journals(directory)) if (read(file) === null) unlinkSync(file);
}

function journals(directory: string): string[] {
  return list(directory)
    .filter((name) => name.endsWith('.journal'))
    .sort()
    .map((name) => join(directory, name));
}

function read(file: string): Unfinished | null {
  const entries = readRegularFile(file, Infinity).toString('utf8').split('\n').slice(0, -1).flatMap(parsed);
  const [first] = entries;
  if (first === undefined || !('move' in first)) return null;
  const learned = entries.flatMap((entry) => ('learned' in entry ? [entry.learned] : [])).at(-1);
  const steps = entries.flatMap((entry) => ('step' in entry ? [entry] : []));
  return {
    file,
    move: learned === undefined ? first.move : { ...first.move, apps: learned },
    done: steps.filter(({ at, back }) => at === 'done' && !back).map(({ step }) => step),
    last: steps.at(-1)?.step ?? null,
    back: entries.some((entry) => 'back' in entry && !('step' in entry)),
    learned: learned !== undefined,
  };
}

function parsed(line: string): JournalEntry[] {
  try {
    return [JSON.parse(line) as JournalEntry];
  } catch {
    return []; // the line that was being written
  }
}

/** Root's alone, or the caller's own. @throws UserError where it is not */
export function makeJournalDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const fault = process.geteuid?.() === 0 ? findUntrusted(directory, 'directory') : null;
  if (fault !== null)
    throw new UserError(`the journal would not be safe: ${fault.path} ${fault.why}`, `ls -ld ${fault.path}`, 2);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
