import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import type { App } from '../pm2/invocation.ts';
import { listAndReport, type RpcAnswer, type Failure, type Reply } from '../pm2/rpc.ts';
import { accountByUid } from '../identity/accounts.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { concurrently } from './concurrently.ts';
import { AT_ONCE, dumpReader, freshBudget, inFairOrder, type Budget } from './budget.ts';
import { reported } from './daemon-facts.ts';
import { homesOnHost, type Home } from './homes.ts';
import { liveDaemons, socketOwner, type LiveDaemon } from './live-daemons.ts';
import { ownPrograms } from './own-programs.ts';
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
  /**
   * The pm2 and the node that it runs, where they are others than the host's; null, or left out: the host's, or not
   * known.
   */
  pm2?: string | null;
  node?: string | null;
}

const SOCKET_MS = 2000;
const SILENT = { type: 'silent' } as const;

/**
 * Which daemons this host has and what lives in them: from the kernel, from their own sockets, their dumps and the boot
 * units. Never runs pm2 (it would spawn daemons), never writes. What the caller may not see is left out.
 */
export async function survey(): Promise<FoundDaemon[]> {
  const homes = homesOnHost();
  const listed = (await liveDaemons()).filter((daemon) => daemon.reachable && !daemon.elsewhere && isOwn(daemon));
  const down = homes.filter(({ home }) => !listed.some((daemon) => same(daemon.home, home)));
  const budget = freshBudget();
  const mayRead = dumpReader();
  const found = await concurrently(
    AT_ONCE,
    [
      ...inFairOrder(listed, []).map(
        (daemon) => () =>
          look(daemon, homes.find(({ home }) => same(home, daemon.home))?.unit ?? null, budget, mayRead),
      ),
      ...down.map((home) => async () => {
        const daemon = unlisted(home);
        const awake = daemon === null ? null : await look(daemon, home.unit, budget, mayRead);
        // a socket that is not ours to ask may be a dead one's
        return awake?.failure === null ? awake : asleep(home, mayRead);
      }),
    ],
    (job) => job(),
  );
  return found.filter((daemon) => daemon !== null).sort((a, b) => (a.home < b.home ? -1 : 1));
}

/**
 * The kernel says that the socket's file belongs to the user whom the daemon runs as; or the caller may not look at the
 * file.
 */
function isOwn({ door, uid }: LiveDaemon): boolean {
  const owner = socketOwner(door);
  return owner === null || uid === null || owner === uid;
}

/**
 * A daemon that may live there and be on no list: macOS has no /proc, a container has a list of its own. It is its
 * socket's owner's. Null: it would be another user's than this PM2_HOME is for.
 */
function unlisted({ home, user }: Home): LiveDaemon | null {
  const socket = rpcSocket(home);
  const owner = socketOwner(socket);
  if (owner !== null && (accountByUid(owner)?.name ?? null) !== user) return null;
  return { socket, home, elsewhere: false, door: socket, pid: null, uid: null, user, reachable: true };
}

function asleep({ home, user, dump, unit }: Home, mayRead: (file: string) => boolean): FoundDaemon {
  const apps = dump && mayRead(dumpFile(home)) ? readDump(dumpFile(home)) : null;
  return {
    user,
    home,
    live: null,
    failure: null,
    apps: unique(apps ?? []),
    source: apps === null ? null : 'dump',
    unit,
  };
}

/** Null: nobody is there, or something that only has a socket of the same name. */
async function look(
  live: LiveDaemon,
  unit: Unit | null,
  { bytes, deadline }: Budget,
  mayRead: (file: string) => boolean,
): Promise<FoundDaemon | null> {
  const timeoutMs = Math.min(SOCKET_MS, deadline - Date.now());
  const [answer, report]: [RpcAnswer, Reply] =
    timeoutMs <= 0 ? [SILENT, SILENT] : await listAndReport(live.socket, { timeoutMs, budget: bytes });
  const daemon = { user: live.user, home: live.home, live, unit, ...ownPrograms(live.pid, reported(report).script) };
  switch (answer.type) {
    case 'answered':
      return { ...daemon, failure: null, apps: unique(answer.apps.filter(({ module }) => !module)), source: 'socket' };
    case 'dead':
    case 'nonsense':
      return null;
    case 'denied':
    case 'silent': {
      const apps = mayRead(dumpFile(live.home)) ? readDump(dumpFile(live.home)) : null;
      return { ...daemon, failure: answer.type, apps: unique(apps ?? []), source: apps === null ? null : 'dump' };
    }
  }
}

function unique(apps: readonly App[]): App[] {
  return [
    ...new Map(apps.map(({ name, namespace, script, cwd }) => [name, { name, namespace, script, cwd }])).values(),
  ];
}

/** One directory by two names: /var/www/.pm2 and /srv/www/.pm2 behind a link. */
function same(one: string, other: string): boolean {
  return one === other || realpathOrSelf(one) === realpathOrSelf(other);
}
