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
export function occupancyOf(pm2HomeFacts: Pm2HomeFacts, { daemons, pm2Homes }: HostFacts): Occupancy {
  const names = pm2Homes
    .filter(
      (other) => other === pm2HomeFacts || (pm2HomeFacts.physical !== null && other.physical === pm2HomeFacts.physical),
    )
    .map((other) => other.pm2Home);
  const [daemon, second] = daemons.filter((one) => !one.elsewhere && names.includes(one.pm2Home));
  if (daemon === undefined) {
    const strange = pm2HomeFacts.sockets.find(({ state }) => state !== 'dead');
    if (strange !== undefined)
      return { type: 'unclear', why: `${strange.name} is not dead, and no daemon is known behind it` };
    return pm2HomeFacts.pidFile?.command != null && /PM2/.test(pm2HomeFacts.pidFile.command)
      ? { type: 'unclear', why: `pid ${pm2HomeFacts.pidFile.pid ?? 0} is a daemon without a socket here` }
      : { type: 'none' };
  }
  if (second !== undefined) return { type: 'unclear', why: 'two daemons call it their PM2_HOME' };
  if (!daemon.reachable) return { type: 'unclear', why: 'its daemon has lost its socket' };
  if (daemon.uid === null) return { type: 'unclear', why: 'only root can see which user its daemon runs as' };
  if (daemon.failure !== null && daemon.failure.type !== 'denied')
    return { type: 'unclear', why: 'its daemon does not answer' };
  return { type: daemon.uid === pm2HomeFacts.owner?.uid ? 'owner' : 'other', daemon };
}

/** Each physical directory once. */
export function distinctPm2Homes({ pm2Homes }: HostFacts): Pm2HomeFacts[] {
  return pm2Homes.filter(
    (pm2HomeFacts, index) =>
      pm2HomeFacts.physical === null ||
      pm2Homes.findIndex((other) => other.physical === pm2HomeFacts.physical) === index,
  );
}
