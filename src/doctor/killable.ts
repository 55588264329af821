import type { DaemonFacts } from '../host/daemon-facts.ts';
import type { Ghost } from '../host/ghosts.ts';
import { isDaemonOf, runsNode } from '../host/pm2-process.ts';
import { KERNEL, trust, wordOf, type Trusted } from '../trust/word.ts';

/** A pid that root may be told to signal. */
export type Killable = Trusted<number>;

/**
 * The pid of a daemon; none where its program is not PM2's, or where neither the owner of its socket's file nor the
 * process itself shows that it is the daemon of this home. The kernel's list of sockets alone is no proof
 * (src/host/sockets.ts).
 */
export function killableDaemon({ pid, process, reachable, socketFile, uid, home }: DaemonFacts): Killable[] {
  if (pid === null || process === null || uid === null || !runsNode(process.exe)) return [];
  const owned = reachable && socketFile !== null && socketFile.uid === uid;
  return owned || isDaemonOf(process, home) ? present(trust(pid, KERNEL, uid)) : [];
}

/** The processes of a daemon's apps: its children, as far as the daemon's user may end them. */
export function killableApps({ apps, uid }: DaemonFacts): Killable[] {
  return uid === null
    ? []
    : apps.flatMap(({ process }) => (process === null ? [] : present(trust(process.pid, wordOf(uid), process.uid))));
}

/** A process that PM2 started, by its environment: the word of the user who started it. */
export function killableGhost({ process }: Ghost): Killable[] {
  return present(trust(process.pid, wordOf(process.realUid), process.uid));
}

function present<Value>(value: Value | null): Value[] {
  return value === null ? [] : [value];
}
