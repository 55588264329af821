import type { Stats } from 'node:fs';

declare const kind: unique symbol;

/** A value of one kind. Only the functions below make it, so a swapped uid and gid is a type error. */
type Branded<Value, Kind extends string> = Value & { readonly [kind]: Kind };

export type Uid = Branded<number, 'uid'>;
export type Gid = Branded<number, 'gid'>;
/** Of a process that the kernel shows. A pid that a user wrote down is a number until it is looked up. */
export type Pid = Branded<number, 'pid'>;

/** The absolute path of a PM2_HOME, never of a user's home directory. */
export type Pm2Home = Branded<string, 'Pm2Home'>;

// esbuild inlines these calls, so they cost nothing at run time.
export function asUid(number: number): Uid {
  return number as Uid;
}
export function asGid(number: number): Gid {
  return number as Gid;
}
export function asPid(number: number): Pid {
  return number as Pid;
}

/** @param path absolute */
export function asPm2Home(path: string): Pm2Home {
  return path as Pm2Home;
}

/** The kernel's answer about a file. */
export interface FileStats extends Stats {
  uid: Uid;
  gid: Gid;
}
export function asFileStats(stats: Stats): FileStats {
  return stats as FileStats;
}

/** (uid_t) -1, which no process or file has (chown(2)). */
export const NO_UID = 4_294_967_295 as Uid;

/** What the kernel says of this process, on Linux and macOS. node's own types hold for Windows too. */
export interface PosixProcess {
  readonly pid: Pid;
  geteuid(): Uid;
  getegid(): Gid;
}
export function asPosix(process: NodeJS.Process): PosixProcess {
  return process as NodeJS.Process & PosixProcess;
}
