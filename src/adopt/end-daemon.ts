import { setTimeout as sleep } from 'node:timers/promises';
import { unitAround } from '../host/boot/daemon-unit.ts';
import { pm2HomeOfUnit } from '../host/homes/homes.ts';
import { liveDaemons } from '../host/daemons/live-daemons.ts';
import { cgroupsOf } from '../host/processes/process-facts.ts';
import { isBooted, runSystemctl } from '../host/boot/systemctl.ts';
import { pm2Units, type Unit } from '../host/boot/units.ts';
import { dumpFile } from '../pm2/home.ts';
import { isRunning } from '../pm2/record.ts';
import { daemonToEnd } from '../repair/end-process.ts';
import type { Pid } from '../runtime/brands.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { isAsShown } from './as-shown.ts';
import { Failed } from './failed.ts';
import type { MoveRun } from './move-run.ts';
import { listState } from './list-state.ts';
import type { Move, MovedApp } from './move.ts';
import { savedRecords, textIn, type NamedRecord, stableAfterMs } from './records.ts';
import { relocate } from './relocate.ts';

/** PM2 stops apps one after the other, and one may have a long kill_timeout (Daemon.gracefullExit). */
const END_MS = 120_000;

/** Stops all apps of the old daemon, then the daemon. The journal already holds them. */
export async function endDaemon({ move, from }: MoveRun): Promise<void> {
  if (!isThere(move)) return;
  const listed = await from.list();
  if (listed !== null) await Promise.all(listed.map((process) => from.remove(process)));
  const unit = unitAroundDaemon(move);
  if (unit !== null) stopUnit(unit, move);
  else if (listed !== null) await from.end();
  await ended(move);
}

/**
 * The unit around the daemon. systemd runs its `ExecStop=pm2 kill` even if the daemon ends by itself: half a second
 * later, against any daemon that then lives in this PM2_HOME.
 */
function unitAroundDaemon({ from: { pid, uid } }: Move): Unit | null {
  if (pid === null || process.geteuid?.() !== 0 || !isBooted()) return null;
  const unit = unitAround(cgroupsOf(pid), uid, pm2Units());
  return unit?.manager === null ? unit : null;
}

/** The unit's `pm2 kill` ends whatever daemon has the socket now. So no other daemon may run there. */
async function stopLost(unit: Unit, move: Move): Promise<void> {
  const { pm2Home, pid } = move.from;
  const other = (await liveDaemons()).find(
    (daemon) =>
      daemon.reachable && !daemon.elsewhere && daemon.pid !== pid && realpathOrSelf(daemon.pm2Home) === pm2Home,
  );
  if (other !== undefined)
    throw new Failed(
      `to end pid ${pid ?? '?'}, its unit ${unit.name} must be stopped. That would also end pid ${other.pid ?? '?'}, ` +
        `the daemon that now runs in ${pm2Home}: pm2-guard doctor shows what to type (PD103)`,
    );
  stopUnit(unit, move);
}

/**
 * Stops a unit's daemon through systemd. A unit that would start another user's daemon in the new PM2_HOME is
 * disabled first, so that a reboot during the adoption does not start it.
 */
function stopUnit(unit: Unit, { to }: Move): void {
  const inTheWay = unit.account?.uid !== to.uid && realpathOrSelf(pm2HomeOfUnit(unit)) === to.pm2Home;
  const words = [...(unit.enabled && inTheWay ? [['disable', unit.name]] : []), ['stop', unit.name]];
  for (const one of words) {
    const failure = runSystemctl(...one);
    if (failure !== null) throw new Failed(`systemctl ${one.join(' ')} failed: ${failure}`);
  }
  // A sealed pm2 blocks the ExecStop= of such a unit, and systemd counts that as a failure.
  runSystemctl('reset-failed', unit.name);
}

/**
 * Ends a daemon whose socket is gone. On SIGTERM PM2 writes its list to dump.pm2 and stops its apps
 * (Daemon.gracefullExit, PM2 5.4 to 7.0), so its apps can be read from there. The journal holds the earlier list.
 * @returns the move, with the apps as their daemon knew them
 * @throws Failed if it left no list
 */
export async function endLostDaemon(run: MoveRun): Promise<Move> {
  const { move, journal } = run;
  if (run.learned) return move;
  if (isThere(move)) {
    const pid = move.from.pid as Pid;
    const daemon = daemonToEnd(pid, move.from);
    if (daemon === null) throw new Failed(`pid ${pid} is not the daemon of ${move.from.label}, and is not ended`);
    const unit = unitAroundDaemon(move);
    if (unit === null) await run.source.end(daemon);
    else await stopLost(unit, move);
    await ended(move);
  }
  const file = dumpFile(move.from.pm2Home);
  const records = savedRecords(file);
  if (listState(file) === move.list?.state || records === null) {
    if (move.apps.length === 0) return move; // PM2 does not write an empty list
    const scripts = move.apps.map(
      ({ name, processes }) => `${name} was ${textIn(processes[0]?.before, 'pm_exec_path')}`,
    );
    throw new Failed(`the daemon of ${move.from.label} ended, and left no list of its apps: ${scripts.join(', ')}`);
  }
  const apps = appsFrom(records, move);
  journal.write({ learned: apps });
  return { ...move, apps };
}

/** Restores the list of the running daemon in that PM2_HOME; the ended daemon has just overwritten it. */
export async function restoreList({ move, keeper }: MoveRun): Promise<void> {
  if (move.list === null) return;
  const names = [...move.apps.map(({ name }) => name), ...move.list.records.map((record) => textIn(record, 'name'))];
  await keeper.save({ pm2Home: move.from.pm2Home, names, records: move.list.records });
}

/**
 * The apps of the daemon's own list. Only apps that the plan showed are started, because the list was written, and
 * perhaps replaced, after the consent.
 */
function appsFrom(records: readonly NamedRecord[], move: Move): MovedApp[] {
  const { from, to, list } = move;
  const names = [...new Set(records.map(({ name }) => name))];
  return names.map((name) => {
    const known = move.apps.find((app) => app.name === name);
    const shown = known?.processes.map(({ before }) => before) ?? [];
    const own = records.filter((record) => record.name === name);
    const processes = own.map((before) => {
      const runs = isRunning(before);
      const running = runs && isAsShown(before, shown, list?.exchangeable === true);
      const origin = { pm2Homes: [from.pm2Home], homeDirectory: from.homeDirectory, uid: from.uid };
      return {
        withheld: runs && !running,
        process: { pmId: null, running, before, after: relocate(before, running, origin, to).record },
      };
    });
    return {
      name,
      processes: processes.map(({ process }) => process),
      ...(processes.some(({ withheld }) => withheld) ? { withheld: true } : {}),
      twin: known?.twin ?? false,
      minUptime: stableAfterMs(own),
      ports: known?.ports ?? [],
      dropped: known?.dropped ?? [],
    };
  });
}

function isThere({ from: { pid, started } }: Move): boolean {
  return pid !== null && startOf(pid) !== null && startOf(pid) === started;
}

async function ended(move: Move): Promise<void> {
  const deadline = performance.now() + END_MS;
  while (isThere(move)) {
    await sleep(20);
    if (performance.now() > deadline)
      throw new Failed(`the daemon of ${move.from.label} (pid ${move.from.pid ?? '?'}) does not end`);
  }
}
