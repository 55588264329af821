import type { Pid } from '../../runtime/brands.ts';
import { nameOf } from '../daemons/socket-file.ts';
import { ancestors, commandLineOf, type Processes } from './processes.ts';

export interface Forebear {
  pid: Pid;
  user: string;
  /** Arguments or title; empty: a kernel thread. */
  command: string;
}

/** The process and its ancestors. */
export function lineageOf(processes: Processes, pid: Pid): Forebear[] {
  return ancestors(processes, pid).map((process) => ({
    pid: process.pid,
    user: nameOf(process.uid),
    command: commandLineOf(process.pid),
  }));
}
