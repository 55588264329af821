import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Pm2HomeFacts } from '../host/homes/home-facts.ts';

/** Which daemon runs in a PM2_HOME. */
export type Occupancy =
  | { type: 'none' }
  | { type: 'owner'; daemon: DaemonFacts }
  | { type: 'other'; daemon: DaemonFacts }
  /** Unknown, so nothing there may be changed. */
  | { type: 'unclear'; why: string };

/** Decided by processes and sockets, because a dead daemon leaves its files behind. */
export function occupancyOf(home: Pm2HomeFacts, { daemons, homes }: HostFacts): Occupancy {
  const names = homes
    .filter((other) => other === home || (home.physical !== null && other.physical === home.physical))
    .map((other) => other.home);
  const [daemon, second] = daemons.filter((one) => !one.elsewhere && names.includes(one.home));
  if (daemon === undefined) {
    const strange = home.sockets.find(({ state }) => state !== 'dead');
    if (strange !== undefined)
      return { type: 'unclear', why: `${strange.name} is not dead, and no daemon is known behind it` };
    return home.pidFile?.command != null && /PM2/.test(home.pidFile.command)
      ? { type: 'unclear', why: `pid ${home.pidFile.pid ?? 0} is a daemon without a socket here` }
      : { type: 'none' };
  }
  if (second !== undefined) return { type: 'unclear', why: 'two daemons call it their home' };
  if (!daemon.reachable) return { type: 'unclear', why: 'its daemon has lost its socket' };
  if (daemon.uid === null) return { type: 'unclear', why: 'only root can see which user its daemon runs as' };
  if (daemon.failure !== null && daemon.failure.type !== 'denied')
    return { type: 'unclear', why: 'its daemon does not answer' };
  return { type: daemon.uid === home.owner?.uid ? 'owner' : 'other', daemon };
}

/** Each physical directory once. */
export function distinctHomes({ homes }: HostFacts): Pm2HomeFacts[] {
  return homes.filter(
    (home, index) => home.physical === null || homes.findIndex((other) => other.physical === home.physical) === index,
  );
}
