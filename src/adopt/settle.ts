import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type Pm2Env } from '../pm2/record.ts';
import type { DaemonClient } from './daemon.ts';
import { Failed } from './failed.ts';
import type { MovedApp } from './move.ts';
import { numberIn, textIn, type NamedProcess } from './records.ts';
import type { Worker } from './work-as.ts';

const LOOK_MS = 50;
const LOG_LINES = 10;
/** The longest time until PM2 knows the pid of a process that it started. */
const HOLLOW_MS = 1000;

/**
 * Waits until each process has been online for its app's min_uptime without a restart. PM2 calls that stable
 * (God.handleExit, lib/God.js).
 * @param eachLook called about 20 times a second
 * @throws Failed with the last lines of its error log
 */
export async function waitUntilStable(
  worker: Worker,
  to: DaemonClient,
  apps: readonly MovedApp[],
  eachLook: () => void,
): Promise<void> {
  const expected = apps.filter(({ processes }) => processes.some(({ running }) => running));
  const first = new Map<number, { pid: number; restarts: number; since: number }>();
  const begun = performance.now();
  for (;;) {
    let stable = true;
    eachLook();
    const listed = await to.named(expected.map(({ name }) => name));
    for (const app of expected) {
      const there = listed.filter(({ record }) => record.name === app.name);
      const running = there.filter(({ record }) => isRunning(record) || isFinished(record));
      const count = app.twin ? 1 : app.processes.filter((process) => process.running).length;
      const unstable = there.find((process) => isUnstable(process, first, app.twin));
      if (unstable !== undefined) throw await failure(worker, app, unstable);
      // PM2 shows a program that cannot be run as `online` without a pid, for ever (God/ForkMode.js).
      const hollow = running.find(({ pid, record }) => pid === 0 && record.status === 'online');
      if (hollow !== undefined && performance.now() - begun > app.minUptime + HOLLOW_MS)
        throw await failure(worker, app, hollow);
      if (running.length < count) {
        if (performance.now() - begun > app.minUptime + LOOK_MS)
          throw await failure(
            worker,
            app,
            there.find((one) => !running.includes(one)),
          );
        stable = false;
        continue;
      }
      if (running.some(({ pmId }) => performance.now() - (first.get(pmId)?.since ?? Infinity) < app.minUptime))
        stable = false;
    }
    if (stable) return;
    await sleep(LOOK_MS);
  }
}

/** It ended by itself and must not be restarted, as a finished job. */
function isFinished({ autorestart, status, exit_code: code }: Pm2Env): boolean {
  return autorestart === false && status === 'stopped' && code === 0;
}

function isUnstable(
  { pmId, pid, record }: NamedProcess,
  first: Map<number, { pid: number; restarts: number; since: number }>,
  twin: boolean,
): boolean {
  const restarts = countIn(record, 'restart_time');
  const seen = first.get(pmId);
  if (record.status === 'errored') return true;
  if (seen === undefined) {
    if (pid > 0 || isFinished(record)) first.set(pmId, { pid, restarts, since: performance.now() });
    return !twin && countIn(record, 'unstable_restarts') > 0;
  }
  return !isFinished(record) && (seen.restarts !== restarts || seen.pid !== pid);
}

async function failure(worker: Worker, app: MovedApp, process: NamedProcess | undefined): Promise<Failed> {
  const path = process?.record.pm_err_log_path;
  const log = typeof path === 'string' ? await worker.lastLines({ path, lines: LOG_LINES }) : [];
  const state =
    process === undefined
      ? 'is not there'
      : process.pid === 0 && process.record.status === 'online'
        ? 'has no process'
        : process.record.status === 'online'
          ? 'was restarted'
          : `is ${textIn(process.record, 'status') || 'in no state'}`;
  return new Failed(`${app.name} did not stay online for ${app.minUptime / 1000} s: it ${state}`, log);
}

function countIn(record: Pm2Env, field: 'restart_time' | 'unstable_restarts'): number {
  return numberIn(record, field, 0, [0, Number.MAX_SAFE_INTEGER]);
}
