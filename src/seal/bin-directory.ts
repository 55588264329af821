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
import { readRegularFile, UnreadableFile } from '../trust/read.ts';
import { replaceFile } from '../trust/write.ts';

/** PM2's is 56 bytes, a door 4 KiB. */
const MAX_BYTES = 1 << 16;
const BIN = 'pm2';
const ORIGINAL = `${BIN}${ORIGINAL_SUFFIX}`;
/**
 * Of one of us that is at work, or was killed, by its pid: hard links of PM2's own file, and doors
 * (src/trust/write.ts).
 */
const TEMPORARY = /^\.pm2(?:\.pm2-guard-original)?\.(\d+)\.(?:\d+\.new|link)$/;

/** A file as it was found. */
export interface FoundPackage {
  text: string;
  stat: Stats;
  /** It is a door, of this pm2-guard or another. */
  door: boolean;
}

/**
 * The bin/ of a package, held open: all that is done in it is done in this very directory, though npm may move it away
 * and lay down another one at the same time (it renames the package's directory, then unpacks). Close it.
 */
export class BinDirectory {
  readonly #fd: number;
  readonly #path: string;

  /** @throws the system's error where there is none */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Node knows no openat(2); proc(5) has the same to offer.
    this.#path =
      process.platform === 'linux' && isThere(`/proc/self/fd/${this.#fd}`) ? `/proc/self/fd/${this.#fd}` : path;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** bin/pm2; null: nothing is there. */
  bin(): FoundPackage | null {
    return this.#look(BIN);
  }

  /** PM2's own file beside a door; null also where something else has its name. */
  original(): FoundPackage | null {
    try {
      return this.#look(ORIGINAL);
    } catch (error) {
      if (error instanceof UnreadableFile && error.kind !== 'unreadable') return null;
      throw error;
    }
  }

  /**
   * The door in place of bin/pm2, and that one beside it, under another name of the same file. At every moment a
   * bin/pm2 is there that works: the old one until the rename, then a door whose original is there already.
   *
   * @returns false: it is a door by now, somebody was faster
   * @throws the system's error; then all is as it was
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
        replaceFile(this.#at(BIN), door, found.stat.mode & 0o7777, found.stat);
        this.#keep(link, found.stat); // an unseal at the same time may have taken it back from under the door
        return true;
      } catch (error) {
        if (before === null) this.#takeBack(found?.stat.ino);
        throw error;
      } finally {
        discard(link);
      }
    });
  }

  /** Another door in place of this one. */
  renew(door: string, like: Stats): void {
    this.#keepingTimes(() => {
      replaceFile(this.#at(BIN), door, like.mode & 0o7777, like);
    });
  }

  /** PM2's own file in place of the door: itself, not a copy. */
  unseal(): void {
    this.#keepingTimes(() => {
      renameSync(this.#at(ORIGINAL), this.#at(BIN));
    });
  }

  /**
   * Takes away the original of a door that is no longer there.
   *
   * @returns false: by now there is one again
   */
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

  /** Takes away what one of us left behind that was killed. */
  sweep(): void {
    const debris = readdirSync(this.#path).filter((name) => isDead(TEMPORARY.exec(name)?.[1]));
    if (debris.length > 0)
      this.#keepingTimes(() => {
        debris.forEach((name) => {
          discard(this.#at(name));
        });
      });
  }

  /** Gives the file `link` the original's name as well, unless it has it. */
  #keep(link: string, { ino }: Stats): void {
    if (lstat(this.#at(ORIGINAL))?.ino === ino) return;
    const fresh = this.#at(`.${ORIGINAL}.${process.pid}.link`);
    discard(fresh);
    linkSync(link, fresh);
    renameSync(fresh, this.#at(ORIGINAL));
  }

  /** After a failure: the second name goes where the file has its first one still. */
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

  /** Backups go by the time of a directory: none that is sealed and unsealed again has changed. */
  #keepingTimes<Result>(action: () => Result): Result {
    const { atimeMs, mtimeMs } = fstatSync(this.#fd);
    try {
      return action();
    } finally {
      try {
        futimesSync(this.#fd, atimeMs / 1000, mtimeMs / 1000);
      } catch {
        // a directory of somebody else's that we may write
      }
    }
  }
}

/** Whether no process has this pid, as it is written in a name; undefined is none. */
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
    // it is not there
  }
}
