import { isDaemonOf } from '../host/daemons/pm2-process.ts';
import { processFacts } from '../host/processes/process-facts.ts';
import { processOf } from '../host/processes/processes.ts';
import type { Pid, Uid, Pm2Home } from '../runtime/brands.ts';
import { startOf } from '../runtime/process-start.ts';
import { trust, wordOf, type Trusted } from '../trust/word.ts';

/** A process, whatever pid is reused. */
export interface StartedProcess {
  pid: Pid;
  started: string;
}

/** A daemon that may be ended, as its user. Only daemonToEnd makes it. */
export type DaemonToEnd = Trusted<StartedProcess>;

/**
 * Null: the process is not this user's daemon of this PM2_HOME. The table of sockets, into which users can write
 * lines, may have named it. Here the kernel names its user and its program, and that user's title its PM2_HOME.
 */
export function daemonToEnd(pid: Pid, { pm2Home, uid }: { pm2Home: Pm2Home; uid: Uid }): DaemonToEnd | null {
  const started = startOf(pid);
  const process = processOf(pid);
  if (started === null || process?.realUid !== uid || !isDaemonOf(processFacts(process), pm2Home)) return null;
  return trust({ pid, started }, wordOf(process.realUid), process.uid);
}

/**
 * Sends SIGTERM, on which PM2 saves its list and stops its apps. Another process may get the pid between the look and
 * the signal, so this must run with the rights of the daemon's user: then it cannot reach a process of another user.
 * @returns false: the process has ended before. @throws system error, such as EPERM
 */
export function endProcess({ pid, started }: StartedProcess): boolean {
  if (startOf(pid) !== started) return false;
  return process.kill(pid, 'SIGTERM');
}
