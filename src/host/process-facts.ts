import { beginningOf, linkOf, readTextOrEmpty } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { commandLineOf, type HostProcess } from './processes.ts';

/**
 * What is known of one process beyond its place in the tree. Null, or empty: it has ended, or is not the caller's to
 * look into.
 */
export interface ProcessFacts extends HostProcess {
  /** Its arguments, or the title that it gave itself. */
  command: string;
  /** When it began, in milliseconds since the epoch. */
  started: number | null;
  /** As it was when the process began. */
  env: Readonly<Record<string, string>> | null;
  cwd: string | null;
  /** The program that runs, as its own mount namespace calls it. */
  exe: string | null;
  /** Of each hierarchy, as /proc/pid/cgroup tells it: `/system.slice/pm2-www-data.service`. */
  cgroups: readonly string[];
  /** Namespaces that it does not share with us. */
  foreign: readonly ('mount' | 'pid' | 'network')[];
}

const KINDS = { mount: 'mnt', pid: 'pid', network: 'net' } as const;

/** Looks into one process. */
export function processFacts(process: HostProcess): ProcessFacts {
  const { pid } = process;
  return {
    ...process,
    command: commandLineOf(pid),
    started: beginOf(pid),
    env: environmentOf(pid),
    cwd: linkOf(`/proc/${pid}/cwd`),
    exe: exeOf(pid),
    cgroups: cgroupsOf(pid),
    foreign: (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) => {
      const theirs = linkOf(`/proc/${pid}/ns/${KINDS[kind]}`);
      return theirs !== null && theirs !== linkOf(`/proc/self/ns/${KINDS[kind]}`);
    }),
  };
}

/** The control groups of a process, without hierarchies and without roots; empty: it has ended. */
export function cgroupsOf(pid: number | 'self'): string[] {
  const paths = readTextOrEmpty(`/proc/${pid}/cgroup`)
    .split('\n')
    .map((line) => line.replace(/^\d+:[^:]*:/, ''));
  return [...new Set(paths.filter((path) => path !== '' && path !== '/'))];
}

/** The program that a process runs, as its own mount namespace calls it; null: not the caller's to know. */
export function exeOf(pid: number): string | null {
  return linkOf(`/proc/${pid}/exe`);
}

/** execve(2) takes no more than 6 MiB of arguments and environment. */
const LONGEST_ENVIRONMENT = 6 << 20;

/**
 * The environment that a process was started with; null: not the caller's to read, or longer than any that it can have
 * been started with.
 *
 * @param mayTake is told its length, and says whether it is looked at
 */
export function environmentOf(
  pid: number,
  mayTake: (length: number) => boolean = () => true,
): Record<string, string> | null {
  const text = beginningOf(`/proc/${pid}/environ`, LONGEST_ENVIRONMENT + 1);
  if (text === '' || text.length > LONGEST_ENVIRONMENT || !mayTake(text.length)) return null;
  return Object.fromEntries(
    text
      .split('\0')
      .filter((entry) => entry.indexOf('=') > 0)
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** USER_HZ: what /proc counts in, 100 on every architecture that node runs on (proc(5), times(7)). */
const TICKS_PER_SECOND = 100;
let booted: number | null = null;

/** When a process began, in milliseconds since the epoch. */
function beginOf(pid: number): number | null {
  const ticks = startOf(pid);
  if (ticks === null) return null;
  booted ??= Number(/^btime (\d+)$/m.exec(readTextOrEmpty('/proc/stat'))?.[1]) * 1000;
  return booted + (Number(ticks) / TICKS_PER_SECOND) * 1000;
}
