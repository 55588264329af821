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

/** One recorded event of a move. */
export type JournalEntry =
  | { move: Move }
  | { step: MoveStep; at: 'begin' | 'done'; back: boolean }
  /** What was known only after the old daemon had ended (T33). */
  | { learned: MovedApp[] }
  /** From here on the move is undone. */
  | { back: true; why: string };

/**
 * The journal of one move: a line of JSON before and after each step, synced to disk before the next action. It holds
 * environments, and so secrets: only its owner can read it, and it is deleted when the move ends.
 */
export class Journal {
  readonly #fd: number;
  /** The last entry was cut off by a full disk. */
  #torn = false;

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
    try {
      journal.write({ move });
      syncDirectory(directory);
    } catch (error) {
      journal.close(); // nothing has begun
      throw error;
    }
    return journal;
  }

  static reopen(file: string): Journal {
    return new Journal(file, openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW));
  }

  /** @throws the system error, with the journal's path added */
  write(entry: JournalEntry): void {
    try {
      // writeFileSync repeats write(2) until all is written
      writeFileSync(this.#fd, `${this.#torn ? '\n' : ''}${JSON.stringify(entry)}\n`);
      this.#torn = false;
      fsyncSync(this.#fd);
    } catch (error) {
      this.#torn = true;
      throw Object.assign(error as Error, { path: this.file });
    }
  }

  /** Used while undoing. A full disk must not stop that. The earlier entries still allow a second try. */
  writeIfPossible(entry: JournalEntry): void {
    try {
      this.write(entry);
    } catch {
      // ENOSPC, EIO
    }
  }

  close(): void {
    closeSync(this.#fd);
    unlinkSync(this.file);
  }
}

/** A move that began and did not end. */
export interface Unfinished {
  file: string;
  move: Move;
  /** The steps that are recorded as done. */
  done: MoveStep[];
  /** The step that began last; it may have happened. */
  last: MoveStep | null;
  /** The move was being undone. */
  back: boolean;
  /** The apps of `move` come from the list that the old daemon left. */
  learned: boolean;
}

/** The unfinished moves, oldest first. If the first line is incomplete, the move had changed nothing. */
export function unfinished(directory: string): Unfinished[] {
  return journals(directory).flatMap((file) => read(file) ?? []);
}

/** Deletes journals without a complete line. Call it with the lock, because such a journal may be new. */
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
    return []; // an incomplete last line
  }
}

/** Makes the directory private. For root, every parent must be safe too. @throws UserError if one is not */
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
