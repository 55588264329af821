import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { SHIM_MARK, ORIGINAL_SUFFIX } from '../pm2/installed.ts';
import { asFileStats } from '../runtime/brands.ts';
import { readRegularFile, UnreadableFile } from '../trust/read.ts';
import { replaceFile } from '../trust/write.ts';

/** PM2's file has 56 bytes, a door 4 KiB. */
const MAX_BYTES = 1 << 16;
const BIN = 'pm2';
const ORIGINAL = `${BIN}${ORIGINAL_SUFFIX}`;
/** Temporary files of this program, by pid: hard links of PM2's file, and new doors (src/trust/write.ts). */
const TEMPORARY = /^\.pm2(?:\.pm2-guard-original)?\.(\d+)\.(?:\d+\.new|link)$/;

export interface FoundPackage {
  text: string;
  stat: Stats;
  door: boolean;
}

/**
 * The bin/ of a package, kept open: npm may rename the package directory and unpack a new one at the same time.
 * Every change goes to the opened directory. Call close().
 */
export class BinDirectory {
  readonly #fd: number;
  readonly #path: string;

  /** @throws system error if it does not exist */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Node has no openat(2); /proc/self/fd (proc(5)) works the same.
    this.#path =
      process.platform === 'linux' && isThere(`/proc/self/fd/${this.#fd}`) ? `/proc/self/fd/${this.#fd}` : path;
  }

  close(): void {
    closeSync(this.#fd);
  }

  bin(): FoundPackage | null {
    return this.#look(BIN);
  }

  /** Null also if another kind of file has the name. */
  original(): FoundPackage | null {
    try {
      return this.#look(ORIGINAL);
    } catch (error) {
      if (error instanceof UnreadableFile && error.kind !== 'unreadable') return null;
      throw error;
    }
  }

  /**
   * Replaces bin/pm2 by a door and keeps the original as a hard link. bin/pm2 works at every moment: the link is made
   * before the rename.
   *
   * @returns false: another process sealed it first
   * @throws system error, after undoing the change
   */
  seal(door: string): boolean {
    return this.#keepingTimes(() => {
      const name = `.${BIN}.${process.pid}.link`;
      const link = this.#at(name);
      discard(link);
      linkSync(this.#at(BIN), link);
      const found = this.#look(name);
      const before = lstat(this.#at(ORIGINAL));
      try {
        if (found === null || found.door) return false;
        this.#keep(link, found.stat);
        replaceFile(this.#at(BIN), door, found.stat.mode & 0o7777, asFileStats(found.stat));
        this.#keep(link, found.stat); // a parallel unseal may have removed it
        return true;
      } catch (error) {
        if (before === null) this.#takeBack(found?.stat.ino);
        throw error;
      } finally {
        discard(link);
      }
    });
  }

  renew(door: string, like: Stats): void {
    this.#keepingTimes(() => {
      replaceFile(this.#at(BIN), door, like.mode & 0o7777, asFileStats(like));
    });
  }

  /** Moves the original back: the same file, not a copy. */
  unseal(): void {
    this.#keepingTimes(() => {
      renameSync(this.#at(ORIGINAL), this.#at(BIN));
    });
  }

  /** Removes the original when no door is there. Returns false if a door is there again. */
  forgetOriginal(): boolean {
    return this.#keepingTimes(() => {
      const aside = this.#at(`.${ORIGINAL}.${process.pid}.link`);
      renameSync(this.#at(ORIGINAL), aside);
      if (this.bin()?.door === true) {
        renameSync(aside, this.#at(ORIGINAL));
        return false;
      }
      unlinkSync(aside);
      return true;
    });
  }

  sweep(): void {
    const debris = readdirSync(this.#path).filter((name) => isDead(TEMPORARY.exec(name)?.[1]));
    if (debris.length > 0)
      this.#keepingTimes(() => {
        debris.forEach((name) => {
          discard(this.#at(name));
        });
      });
  }

  #keep(link: string, { ino }: Stats): void {
    if (lstat(this.#at(ORIGINAL))?.ino === ino) return;
    const fresh = this.#at(`.${ORIGINAL}.${process.pid}.link`);
    discard(fresh);
    linkSync(link, fresh);
    renameSync(fresh, this.#at(ORIGINAL));
  }

  /** Undoes #keep while bin/pm2 is still the original. */
  #takeBack(ino: number | undefined): void {
    if (ino !== undefined && lstat(this.#at(BIN))?.ino === ino && lstat(this.#at(ORIGINAL))?.ino === ino)
      discard(this.#at(ORIGINAL));
  }

  #look(name: string): FoundPackage | null {
    try {
      const text = readRegularFile(this.#at(name), MAX_BYTES).toString('utf8');
      return { text, stat: lstatSync(this.#at(name)), door: text.slice(0, 1024).includes(SHIM_MARK) };
    } catch (error) {
      if (error instanceof UnreadableFile && error.kind === 'missing') return null;
      throw error;
    }
  }

  #at(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** Restores the directory's times: backups would otherwise see a change. */
  #keepingTimes<Result>(action: () => Result): Result {
    const { atimeMs, mtimeMs } = fstatSync(this.#fd);
    try {
      return action();
    } finally {
      try {
        futimesSync(this.#fd, atimeMs / 1000, mtimeMs / 1000);
      } catch {
        // not our directory, though writable
      }
    }
  }
}

/** Undefined counts as no pid. */
function isDead(pid: string | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function lstat(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function isThere(path: string): boolean {
  return lstat(path) !== null;
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it does not exist
  }
}
