import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { UserError } from '../terminal/user-error.ts';
import { replaceFile } from '../trust/write.ts';
import { LIBRARY } from './places.ts';

/** `kept`: somebody else's, or not needed. `refused`: wanted, and not done. */
export type ChangeOutcome = 'created' | 'updated' | 'unchanged' | 'removed' | 'kept' | 'refused';

export interface FileChange {
  path: string;
  outcome: ChangeOutcome;
  /** One line for people; null where the outcome says it all. */
  note: string | null;
}

/**
 * Brings the file system to a wanted state and writes down what that took. What is as wanted already is not touched, so
 * a second run changes not even a time stamp. All that it makes is root's.
 */
export class Ledger {
  readonly changes: FileChange[] = [];

  /** @param dry only write down */
  constructor(readonly dry: boolean) {}

  note(path: string, outcome: ChangeOutcome, note: string | null = null): void {
    this.changes.push({ path, outcome, note });
  }

  /** A directory with exactly this mode and owner; those above it are made as root's, 0755. */
  directory(path: string, mode: number, uid = 0, gid = 0): void {
    const stat = statOrNone(path);
    if (stat !== null && !stat.isDirectory()) throw inTheWay(path, 'a directory');
    const same = stat !== null && stat.uid === uid && stat.gid === gid && (stat.mode & 0o7777) === mode;
    this.note(path, stat === null ? 'created' : same ? 'unchanged' : 'updated');
    if (same || this.dry) return;
    if (stat === null) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      mkdirSync(path, 0o700);
    }
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  }

  /** A file with exactly this content and mode, replaced as a whole: who is running it keeps what it has open. */
  file(path: string, content: Uint8Array, mode: number): void {
    const stat = statOrNone(path);
    if (stat?.isDirectory() === true) throw inTheWay(path, 'a file');
    const same =
      stat?.isFile() === true &&
      stat.uid === 0 &&
      stat.gid === 0 &&
      (stat.mode & 0o7777) === mode &&
      readFileSync(path).equals(content);
    this.note(path, stat === null ? 'created' : same ? 'unchanged' : 'updated');
    if (same || this.dry) return;
    replaceFile(path, content, mode, { uid: 0, gid: 0 }); // a set-group-ID directory above would give its own group
  }

  /**
   * A file of somebody else's, with something of ours put in or taken out: replaced as a whole, by one of the same
   * owner and mode. A link is followed; that nobody but root could have made it is for the caller to see to.
   *
   * @param change gets the text byte by byte, null where there is no file, and gives back the wanted one
   */
  edit(path: string, change: (text: string | null) => string | null): void {
    const stat = statSync(path, { throwIfNoEntry: false });
    const file = stat === undefined ? path : realpathSync.native(path);
    const text = stat === undefined ? null : readFileSync(file, 'latin1');
    const wanted = change(text);
    if (wanted === text) {
      if (text !== null) this.note(path, 'unchanged');
    } else if (wanted === null) this.remove(path);
    else {
      this.note(path, text === null ? 'created' : 'updated');
      if (this.dry) return;
      replaceFile(file, Buffer.from(wanted, 'latin1'), stat === undefined ? 0o644 : stat.mode & 0o7777, stat);
    }
  }

  /** A symbolic link, replaced in one step. */
  link(path: string, target: string): void {
    let stat = statOrNone(path);
    if (stat?.isDirectory() === true && path.startsWith(LIBRARY + sep)) {
      // somebody's copy of us, as `cp -rL` makes it
      this.remove(path, 'gives way to a link');
      stat = null;
    }
    if (stat?.isDirectory() === true) throw inTheWay(path, 'a link');
    const same = stat?.isSymbolicLink() === true && stat.uid === 0 && readlinkSync(path) === target;
    this.note(path, stat === null ? 'created' : same ? 'unchanged' : 'updated', `-> ${target}`);
    if (same || this.dry) return;
    const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.0.new`); // as trust/write.ts: see strays.ts
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    rmSync(fresh, { force: true });
    symlinkSync(target, fresh);
    lchownSync(fresh, 0, 0);
    renameSync(fresh, path);
  }

  /** Removes what is there, with all below it; links are not followed. Nothing there is fine. */
  remove(path: string, note: string | null = null): void {
    if (statOrNone(path) === null) return;
    if (!this.dry) rmSync(path, { recursive: true, force: true });
    this.note(path, 'removed', note);
  }

  /** Removes a directory if nothing is in it. */
  removeEmpty(path: string): void {
    if (statOrNone(path)?.isDirectory() !== true) return;
    try {
      if (!this.dry) rmdirSync(path);
      this.note(path, 'removed');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
}

/** What is there itself, not what a link leads to; null: nothing. */
export function statOrNone(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function inTheWay(path: string, wanted: string): UserError {
  return new UserError(`${path} is in the way: ${wanted} belongs there`, `mv ${path} ${path}.old`);
}
