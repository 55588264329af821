import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import type { App } from '../pm2/invocation.ts';
import { listApps, type Failure } from '../pm2/rpc.ts';
import { withoutLinks } from '../runtime/peek.ts';
import { homesOnHost, type Home } from './homes.ts';
import { liveDaemons, type LiveDaemon } from './live-daemons.ts';
import type { Unit } from './units.ts';

/** A daemon of this host, running or not. */
export interface FoundDaemon {
  /** Null: a uid without an account, or one that the caller may not know. */
  user: string | null;
  home: string;
  live: LiveDaemon | null;
  /** Why a living one said nothing of its apps; null: it did, or none lives. */
  failure: Exclude<Failure['type'], 'dead'> | null;
  /** What it runs, or else what it would bring back: without PM2's modules, each name once. */
  apps: App[];
  source: 'socket' | 'dump' | null;
  unit: Unit | null;
}

const SOCKET_MS = 2000;

/**
 * Which daemons this host has and what lives in them: from the kernel, from their own sockets, their dumps and the boot
 * units. Never runs pm2 (it would spawn daemons), never writes. What the caller may not see is left out.
 */
export async function survey(): Promise<FoundDaemon[]> {
  const homes = homesOnHost();
  const listed = (await liveDaemons()).filter(({ reachable, elsewhere }) => reachable && !elsewhere);
  const down = homes.filter(({ home }) => !listed.some((daemon) => same(daemon.home, home)));
  const found = await Promise.all([
    ...listed.map((daemon) => look(daemon, homes.find(({ home }) => same(home, daemon.home))?.unit ?? null)),
    ...down.map(async (home) => {
      const awake = await look(unlisted(home), home.unit);
      return awake?.failure === null ? awake : asleep(home); // a socket that is not ours to ask may be a dead one's
    }),
  ]);
  return found.filter((daemon) => daemon !== null).sort((a, b) => (a.home < b.home ? -1 : 1));
}

/** A daemon that may live there and be on no list: macOS has no /proc, a container has a list of its own. */
function unlisted({ home, user }: Home): LiveDaemon {
  const socket = rpcSocket(home);
  return { socket, home, elsewhere: false, door: socket, pid: null, uid: null, user, reachable: true };
}

function asleep({ home, user, dump, unit }: Home): FoundDaemon {
  const apps = dump ? readDump(dumpFile(home)) : null;
  return { user, home, live: null, failure: null, apps: unique(apps ?? []), source: apps === null ? null : 'dump', unit };
}

/** Null: nobody is there, or something that only has a socket of the same name. */
async function look(live: LiveDaemon, unit: Unit | null): Promise<FoundDaemon | null> {
  const answer = await listApps(live.socket, { timeoutMs: SOCKET_MS });
  const daemon = { user: live.user, home: live.home, live, unit };
  switch (answer.type) {
    case 'answered':
      return { ...daemon, failure: null, apps: unique(answer.apps.filter(({ module }) => !module)), source: 'socket' };
    case 'dead':
    case 'nonsense':
      return null;
    case 'denied':
    case 'silent': {
      const apps = readDump(dumpFile(live.home));
      return { ...daemon, failure: answer.type, apps: unique(apps ?? []), source: apps === null ? null : 'dump' };
    }
  }
}

function unique(apps: readonly App[]): App[] {
  return [...new Map(apps.map(({ name, namespace, script, cwd }) => [name, { name, namespace, script, cwd }])).values()];
}

/** One directory by two names: /var/www/.pm2 and /srv/www/.pm2 behind a link. */
function same(one: string, other: string): boolean {
  return one === other || withoutLinks(one) === withoutLinks(other);
}
