import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf } from '../host/processes.ts';
import { dumpFile } from '../pm2/home.ts';
import { isRunning } from '../pm2/record.ts';
import { startOf } from '../runtime/process-start.ts';
import { isAsShown } from './as-shown.ts';
import { Failed } from './failed.ts';
import type { Hands } from './hands.ts';
import { listState } from './list-state.ts';
import type { Move, MovedApp } from './move.ts';
import { savedRecords, textIn, type NamedRecord } from './records.ts';
import { relocate } from './relocate.ts';
import { watchTime } from './watch-time.ts';

/** An app with a long kill_timeout takes its time, one after the other (Daemon.gracefullExit). */
const END_MS = 120_000;

/** Stops all that lives in the old daemon, and then the daemon: it is all in the journal by now. */
export async function endDaemon({ move, from }: Hands): Promise<void> {
  if (!isThere(move)) return;
  const listed = await from.list();
  if (listed !== null) {
    await Promise.all(listed.map((process) => from.remove(process)));
    await from.end();
  }
  await ended(move);
}

/**
 * Ends a daemon whose socket is gone. On SIGTERM PM2 writes its whole list to dump.pm2 and then stops its apps
 * (Daemon.gracefullExit, PM2 5.4 to 7.0): so it can still be heard. What the list was before is in the journal.
 *
 * @returns the move, with the apps as their daemon knew them
 * @throws Failed where it left no list
 */
export async function learn({ move, journal, learned }: Hands): Promise<Move> {
  if (learned) return move;
  if (isThere(move)) {
    const pid = move.from.pid as number;
    // The table of sockets that named it holds text of users.
    if (!/^PM2 v\d/.test(commandOf(pid))) throw new Failed(`pid ${pid} is no PM2 daemon, and is not ended`);
    process.kill(pid, 'SIGTERM');
    await ended(move);
  }
  const file = dumpFile(move.from.home);
  const records = savedRecords(file);
  if (listState(file) === move.list?.state || records === null) {
    if (move.apps.length === 0) return move; // PM2 writes no empty list
    const scripts = move.apps.map(
      ({ name, processes }) => `${name} was ${textIn(processes[0]?.before, 'pm_exec_path')}`,
    );
    throw new Failed(`the daemon of ${move.from.label} ended, and left no list of its apps: ${scripts.join(', ')}`);
  }
  const apps = appsFrom(records, move);
  journal.write({ learned: apps });
  return { ...move, apps };
}

/** Gives the living daemon of that home its list back, which the other one has just overwritten. */
export async function restoreList({ move, keeper }: Hands): Promise<void> {
  if (move.list === null) return;
  const names = [...move.apps.map(({ name }) => name), ...move.list.records.map((record) => textIn(record, 'name'))];
  await keeper.save({ home: move.from.home, names, records: move.list.records });
}

/**
 * What runs by the daemon's own list. Only what the plan showed is started: the list was written, or exchanged, after
 * the consent.
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
      const origin = { homes: [from.home], userHome: from.userHome, uid: from.uid };
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
      minUptime: watchTime(own),
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
