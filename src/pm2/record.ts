import { countOf, isShallow, listOf, MOST_PIDS, numberOf } from './process.ts';
import type { Reply } from './rpc.ts';

/**
 * PM2's record of one process (`pm2_env`), in its daemon's memory and in dump.pm2: how to start it, its environment
 * under `env` and again spread over the record (lib/God.js executeApp), and its state.
 */
export type Pm2Env = Readonly<Record<string, unknown>>;

export interface RecordedProcess {
  pmId: number;
  /** 0: nothing runs. */
  pid: number;
  record: Pm2Env;
}

/** `pm2 save` leaves these out (lib/API/Startup.js dump, PM2 5.4 to 7.0). */
const NOT_SAVED = ['instances', 'pm_id', 'prev_restart_delay'];

/** A daemon sets these anew for each process that it starts. */
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

/** The answer to `getMonitorData` or `prepare`, modules included, within LIMITS (process.ts); null: it is none. */
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
 * The record that makes `prepare` create this process once: without `instances`, which would multiply it, and without
 * the old process's state. The lists that apps report into are emptied but kept, because the daemon's code expects
 * them.
 * @param running false: registered, and stopped
 */
export function freshForm(record: Pm2Env, running: boolean): Pm2Env {
  return {
    ...without(record, FARING),
    // `prepare` writes into it (lib/God.js). Without it, it would throw and never answer.
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

/** Whether PM2 keeps it running: also while it waits for a restart, but not after its last failure. */
export function isRunning(record: Pm2Env): boolean {
  return typeof record.status === 'string' && RUNNING.includes(record.status);
}

/** Limits the caller's wait; no app needs longer to prove that it is stable. */
const LONGEST_UPTIME_MS = 600_000;

/** The longest time, in milliseconds, after which the app's processes are stable; default 1 s (God.handleExit). */
export function minUptimeOf(records: readonly Pm2Env[]): number {
  return Math.max(
    ...records.map((record) => Math.min(Math.max(numberOf(record, 'min_uptime') ?? 1000, 0), LONGEST_UPTIME_MS)),
  );
}

/** A module (`pm2 install`), not an app of the user's. */
export function isModule(record: Pm2Env): boolean {
  return record.pmx_module === true;
}

function without(record: Pm2Env, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
