import type { Pid } from '../../runtime/brands.ts';
import { beginningOf, linkOf, readTextOrEmpty } from '../../runtime/peek.ts';
import { startOf } from '../../runtime/process-start.ts';
import { commandLineOf, type HostProcess } from './processes.ts';

/** Null or empty: the process has ended, or is hidden from the caller. */
export interface ProcessFacts extends HostProcess {
  /** Arguments or title. */
  command: string;
  /** Milliseconds since the epoch. */
  started: number | null;
  /** As at its start. */
  env: Readonly<Record<string, string>> | null;
  cwd: string | null;
  /** As its own mount namespace names it. */
  exe: string | null;
  /** `/system.slice/pm2-www-data.service` */
  cgroups: readonly string[];
  /** Namespaces that differ from ours. */
  foreign: readonly ('mount' | 'pid' | 'network')[];
}

const KINDS = { mount: 'mnt', pid: 'pid', network: 'net' } as const;

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

/** Without hierarchies and roots; empty: the process has ended. */
export function cgroupsOf(pid: Pid | 'self'): string[] {
  const paths = readTextOrEmpty(`/proc/${pid}/cgroup`)
    .split('\n')
    .map((line) => line.replace(/^\d+:[^:]*:/, ''));
  return [...new Set(paths.filter((path) => path !== '' && path !== '/'))];
}

/** As its mount namespace names it; null: hidden from the caller. */
export function exeOf(pid: Pid): string | null {
  return linkOf(`/proc/${pid}/exe`);
}

/** execve(2) allows 6 MiB of arguments and environment. */
const LONGEST_ENVIRONMENT = 6 << 20;

/** As at its start; null: hidden from the caller or too long. `mayTake` decides by the length. */
export function environmentOf(
  pid: Pid,
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

/** USER_HZ is 100 on every architecture of node (proc(5), times(7)). */
const TICKS_PER_SECOND = 100;
let booted: number | null = null;

/** Milliseconds since the epoch. */
function beginOf(pid: Pid): number | null {
  const ticks = startOf(pid);
  if (ticks === null) return null;
  booted ??= Number(/^btime (\d+)$/m.exec(readTextOrEmpty('/proc/stat'))?.[1]) * 1000;
  return booted + (Number(ticks) / TICKS_PER_SECOND) * 1000;
}
