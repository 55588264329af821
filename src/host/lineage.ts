import { nameOf } from './socket-file.ts';
import { ancestors, commandLineOf, type Processes } from './processes.ts';

/** One of the processes between some process and init. */
export interface Forebear {
  pid: number;
  user: string;
  /** Its arguments, or its title; empty for what the kernel runs itself. */
  command: string;
}

/** A process and all above it, itself first; empty where there is no such process. */
export function lineageOf(processes: Processes, pid: number): Forebear[] {
  return ancestors(processes, pid).map((process) => ({
    pid: process.pid,
    user: nameOf(process.uid),
    command: commandLineOf(process.pid),
  }));
}
