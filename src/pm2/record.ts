import { countOf, isShallow, listOf, MOST_PIDS, numberOf } from './process.ts';
import type { Reply } from './rpc.ts';

/**
 * PM2's record of one process (`pm2_env`), as it stands in its daemon's memory and in dump.pm2: how to start it, its
 * environment under `env` and once more spread over the record itself (lib/God.js executeApp), and how it fares.
 */
export type Pm2Env = Readonly<Record<string, unknown>>;

/** One process of a living daemon, with its whole record. */
export interface RecordedProcess {
  pmId: number;
  /** 0: nothing runs. */
  pid: number;
  record: Pm2Env;
}

/** What `pm2 save` leaves out (lib/API/Startup.js dump, PM2 5.4 to 7.0). */
const NOT_SAVED = ['instances', 'pm_id', 'prev_restart_delay'];

/** What a daemon finds out anew about each process that it starts. */
const FARING = [
  ...NOT_SAVED,
  'pm_uptime',
  'created_at',
  'exit_code',
  'version',
  'versioning',
  'node_version',
  '_pm2_version',
  'unique_id',
  'vizion_running',
];

/**
 * The answer to `getMonitorData`, or to `prepare`; null where it is none. Modules included. Bounded: see LIMITS in
 * process.ts.
 */
export function recordsIn(reply: Reply): RecordedProcess[] | null {
  if (reply.type !== 'answered') return null;
  return (
    listOf(reply.result)?.flatMap((entry) => {
      const pmId = countOf(entry, 'pm_id');
      const record = isRecord(entry) ? entry.pm2_env : null;
      return pmId !== null && isRecord(record) && isShallow(record)
        ? [{ pmId, pid: countOf(entry, 'pid', MOST_PIDS) ?? 0, record }]
        : [];
    }) ?? null
  );
}

export function isRecord(value: unknown): value is Pm2Env {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As `pm2 save` writes it. */
export function savedForm(record: Pm2Env): Pm2Env {
  return without(record, NOT_SAVED);
}

/**
 * What `prepare` needs to make this process anew, once: without `instances`, which would multiply it, and without what
 * the old process lived through. The lists that apps report into stay, empty, because the daemon's code expects them.
 *
 * @param running false: registered, and stopped
 */
export function freshForm(record: Pm2Env, running: boolean): Pm2Env {
  return {
    ...without(record, FARING),
    // `prepare` writes into it (lib/God.js), and would throw and leave nobody an answer.
    env: isRecord(record.env) ? without(record.env, ['unique_id', 'vizion_running']) : {},
    axm_actions: [],
    axm_monitor: {},
    axm_options: {},
    axm_dynamic: {},
    restart_time: 0,
    unstable_restarts: 0,
    status: running ? 'online' : 'stopped',
  };
}

const RUNNING = ['online', 'launching', 'one-launch-status', 'waiting restart'];

/** Whether PM2 keeps it running: what waits for its next restart counts, what has failed for good does not. */
export function isRunning(record: Pm2Env): boolean {
  return typeof record.status === 'string' && RUNNING.includes(record.status);
}

/** No app needs longer to prove that it is stable; a longer wait would hold up the caller. */
const LONGEST_UPTIME_MS = 600_000;

/**
 * How long processes of one app must stay up to count as stable, in milliseconds: the longest; 1 s where they do not
 * say (God.handleExit).
 */
export function minUptimeOf(records: readonly Pm2Env[]): number {
  return Math.max(
    ...records.map((record) => Math.min(Math.max(numberOf(record, 'min_uptime') ?? 1000, 0), LONGEST_UPTIME_MS)),
  );
}

/** One of PM2's own modules (`pm2 install`): not an app of the user's. */
export function isModule(record: Pm2Env): boolean {
  return record.pmx_module === true;
}

function without(record: Pm2Env, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
