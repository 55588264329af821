import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { Ghost } from '../host/daemons/ghosts.ts';
import { isDaemonOf, runsNode } from '../host/daemons/pm2-process.ts';
import { KERNEL, trust, wordOf, type Trusted } from '../trust/word.ts';

/** A pid that root may signal. */
export type Killable = Trusted<number>;

/**
 * None where the program is not node, or where neither the owner of the socket file nor the process itself proves
 * that it is the daemon of this PM2_HOME. The kernel's list of sockets is no proof (src/host/daemons/sockets.ts).
 */
export function killableDaemon({ pid, process, reachable, socketFile, uid, pm2Home }: DaemonFacts): Killable[] {
  if (pid === null || process === null || uid === null || !runsNode(process.exe)) return [];
  const owned = reachable && socketFile !== null && socketFile.uid === uid;
  return owned || isDaemonOf(process, pm2Home) ? present(trust(pid, KERNEL, uid)) : [];
}

/** The app processes that the daemon's user may end. */
export function killableApps({ apps, uid }: DaemonFacts): Killable[] {
  return uid === null
    ? []
    : apps.flatMap(({ process }) => (process === null ? [] : present(trust(process.pid, wordOf(uid), process.uid))));
}

/** The environment of a process is only the statement of its real user. */
export function killableGhost({ process }: Ghost): Killable[] {
  return present(trust(process.pid, wordOf(process.realUid), process.uid));
}

function present<Value>(value: Value | null): Value[] {
  return value === null ? [] : [value];
}
