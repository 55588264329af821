import { isDaemonOf } from '../host/daemons/pm2-process.ts';
import { processFacts } from '../host/processes/process-facts.ts';
import { processOf } from '../host/processes/processes.ts';
import type { Pid, Uid, Pm2Home } from '../runtime/brands.ts';
import { trust, wordOf, type Trusted } from '../trust/word.ts';

/** The pid of a daemon that root may end. Only daemonToEnd makes it. */
export type DaemonPid = Trusted<Pid>;

/**
 * Null: the process is not this user's daemon of this PM2_HOME. The table of sockets, into which users can write
 * lines, may have named it. Here the kernel names its user and its program, and that user's title its PM2_HOME.
 */
export function daemonToEnd(pid: Pid, { pm2Home, uid }: { pm2Home: Pm2Home; uid: Uid }): DaemonPid | null {
  const process = processOf(pid);
  if (process === null || process.realUid !== uid || !isDaemonOf(processFacts(process), pm2Home)) return null;
  return trust(pid, wordOf(process.realUid), process.uid);
}

/** On SIGTERM PM2 saves its list and stops its apps. @throws system error, such as ESRCH */
export function endDaemonProcess(pid: DaemonPid): void {
  process.kill(pid, 'SIGTERM');
}
