import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { asFileStats, asGid, asUid, type FileStats } from '../runtime/brands.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { replaceFile } from '../trust/write.ts';
import { LIBRARY } from './places.ts';

/** `kept`: belongs to others or not needed. `refused`: wanted, but not done. */
export type ChangeOutcome = 'created' | 'updated' | 'unchanged' | 'removed' | 'kept' | 'refused';

export interface FileChange {
  path: string;
  outcome: ChangeOutcome;
  note: string | null;
}

/** Brings files to a wanted state and records the changes. Leaves correct files alone, timestamps included. */
export class Ledger {
  readonly changes: FileChange[] = [];

  constructor(readonly dry: boolean) {}

  note(path: string, outcome: ChangeOutcome, note: string | null = null): void {
    this.changes.push({ path, outcome, note });
  }

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

  /** Replaces the whole file: a process that runs the old one keeps it open. */
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
    // A set-group-ID directory would give its own group.
    replaceFile(path, content, mode, { uid: asUid(0), gid: asGid(0) });
  }

  /**
   * Changes a file of others, keeping its owner and mode. Follows links: the caller must check that only root could
   * have made them.
   *
   * @param change gets latin1 text, so bytes survive; null: no file
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
      replaceFile(
        file,
        Buffer.from(wanted, 'latin1'),
        stat === undefined ? 0o644 : stat.mode & 0o7777,
        stat && asFileStats(stat),
      );
    }
  }

  link(path: string, target: string): void {
    let stat = statOrNone(path);
    if (stat?.isDirectory() === true && path.startsWith(LIBRARY + sep)) {
      // made by `cp -rL` of an installation
      this.remove(path, 'gives way to a link');
      stat = null;
    }
    if (stat?.isDirectory() === true) throw inTheWay(path, 'a link');
    const same = stat?.isSymbolicLink() === true && stat.uid === 0 && readlinkSync(path) === target;
    this.note(path, stat === null ? 'created' : same ? 'unchanged' : 'updated', `-> ${target}`);
    if (same || this.dry) return;
    const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.0.new`); // see strays.ts
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    rmSync(fresh, { force: true });
    symlinkSync(target, fresh);
    lchownSync(fresh, 0, 0);
    renameSync(fresh, path);
  }

  isRemoved(path: string): boolean {
    return this.changes.some((change) => change.path === path && change.outcome === 'removed');
  }

  /** Recursive; does not follow links. */
  remove(path: string, note: string | null = null): void {
    if (statOrNone(path) === null) return;
    if (!this.dry) rmSync(path, { recursive: true, force: true });
    this.note(path, 'removed', note);
  }

  /** In a dry run a directory counts as empty if all its entries are noted as removed. */
  removeEmpty(path: string): void {
    if (statOrNone(path)?.isDirectory() !== true) return;
    try {
      if (this.dry && !readdirSync(path).every((name) => this.isRemoved(join(path, name)))) return;
      if (!this.dry) rmdirSync(path);
      this.note(path, 'removed');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
}

/** Like lstat; null: does not exist. */
export function statOrNone(path: string): FileStats | null {
  try {
    return asFileStats(lstatSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function inTheWay(path: string, wanted: string): UserError {
  return new UserError(`${path} is in the way: ${wanted} belongs there`, quoteCommand(['mv', path, `${path}.old`]));
}
