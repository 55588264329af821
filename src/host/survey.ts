import type { Pm2Home } from '../runtime/brands.ts';
import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import type { App } from '../pm2/invocation.ts';
import { listAndReport, type RpcAnswer, type Failure, type Reply } from '../pm2/rpc.ts';
import { accountByUid } from '../identity/accounts.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { concurrently } from './concurrently.ts';
import { AT_ONCE, dumpReader, freshBudget, inFairOrder, type Budget } from './budget.ts';
import { reported } from './daemons/daemon-facts.ts';
import { pm2HomesOnHost, type FoundPm2Home } from './homes/homes.ts';
import { liveDaemons, socketOwner, type LiveDaemon } from './daemons/live-daemons.ts';
import { ownPrograms } from './processes/own-programs.ts';
import type { Unit } from './boot/units.ts';

export interface FoundDaemon {
  /** Null: no account, or hidden from the caller. */
  user: string | null;
  pm2Home: Pm2Home;
  live: LiveDaemon | null;
  /** Why a running daemon gave no list. */
  failure: Exclude<Failure['type'], 'dead'> | null;
  /** Running or saved apps without PM2's modules, each name once. */
  apps: App[];
  source: 'socket' | 'dump' | null;
  unit: Unit | null;
  /** Without symlinks; null or undefined: the host's, or unknown. */
  pm2?: string | null;
  node?: string | null;
}

const SOCKET_MS = 2000;
const SILENT = { type: 'silent' } as const;

/** Daemons and apps by the kernel, sockets, saved lists and units. Never runs pm2, because pm2 spawns daemons. */
export async function survey(): Promise<FoundDaemon[]> {
  const pm2Homes = pm2HomesOnHost();
  const listed = (await liveDaemons()).filter((daemon) => daemon.reachable && !daemon.elsewhere && isOwn(daemon));
  const down = pm2Homes.filter(({ pm2Home }) => !listed.some((daemon) => same(daemon.pm2Home, pm2Home)));
  const budget = freshBudget();
  const mayRead = dumpReader();
  const found = await concurrently(
    AT_ONCE,
    [
      ...inFairOrder(listed, []).map(
        (daemon) => () =>
          look(daemon, pm2Homes.find(({ pm2Home }) => same(pm2Home, daemon.pm2Home))?.unit ?? null, budget, mayRead),
      ),
      ...down.map((one) => async () => {
        const daemon = unlisted(one);
        const awake = daemon === null ? null : await look(daemon, one.unit, budget, mayRead);
        // The socket may be dead.
        return awake?.failure === null ? awake : asleep(one, mayRead);
      }),
    ],
    (job) => job(),
  );
  return found.filter((daemon) => daemon !== null).sort((a, b) => (a.pm2Home < b.pm2Home ? -1 : 1));
}

/** Whether the daemon's user owns the socket file, as far as the caller can see. */
function isOwn({ door, uid }: LiveDaemon): boolean {
  const owner = socketOwner(door);
  return owner === null || uid === null || owner === uid;
}

/** A daemon on no list (macOS, a container). The owner of its socket must match the PM2_HOME's user. */
function unlisted({ pm2Home, user }: FoundPm2Home): LiveDaemon | null {
  const socket = rpcSocket(pm2Home);
  const owner = socketOwner(socket);
  if (owner !== null && (accountByUid(owner)?.name ?? null) !== user) return null;
  return { socket, pm2Home, elsewhere: false, door: socket, pid: null, uid: null, user, reachable: true };
}

function asleep({ pm2Home, user, dump, unit }: FoundPm2Home, mayRead: (file: string) => boolean): FoundDaemon {
  const apps = dump && mayRead(dumpFile(pm2Home)) ? readDump(dumpFile(pm2Home)) : null;
  return {
    user,
    pm2Home,
    live: null,
    failure: null,
    apps: unique(apps ?? []),
    source: apps === null ? null : 'dump',
    unit,
  };
}

/** Null: no daemon, or another program. */
async function look(
  live: LiveDaemon,
  unit: Unit | null,
  { bytes, deadline }: Budget,
  mayRead: (file: string) => boolean,
): Promise<FoundDaemon | null> {
  const timeoutMs = Math.min(SOCKET_MS, deadline - Date.now());
  const [answer, report]: [RpcAnswer, Reply] =
    timeoutMs <= 0 ? [SILENT, SILENT] : await listAndReport(live.socket, { timeoutMs, budget: bytes });
  const daemon = {
    user: live.user,
    pm2Home: live.pm2Home,
    live,
    unit,
    ...ownPrograms(live.pid, reported(report).script),
  };
  switch (answer.type) {
    case 'answered':
      return { ...daemon, failure: null, apps: unique(answer.apps.filter(({ module }) => !module)), source: 'socket' };
    case 'dead':
    case 'nonsense':
      return null;
    case 'denied':
    case 'silent': {
      const apps = mayRead(dumpFile(live.pm2Home)) ? readDump(dumpFile(live.pm2Home)) : null;
      return { ...daemon, failure: answer.type, apps: unique(apps ?? []), source: apps === null ? null : 'dump' };
    }
  }
}

function unique(apps: readonly App[]): App[] {
  return [
    ...new Map(apps.map(({ name, namespace, script, cwd }) => [name, { name, namespace, script, cwd }])).values(),
  ];
}

/** The same directory, also through a symlink. */
function same(one: string, other: string): boolean {
  return one === other || realpathOrSelf(one) === realpathOrSelf(other);
}
