import { isModule, isRunning, savedForm, freshForm, type Pm2Env } from '../pm2/record.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import type { DaemonClient } from './daemon.ts';
import { endDaemon, endLostDaemon, restoreList } from './end-daemon.ts';
import { Failed } from './failed.ts';
import type { MoveRun } from './move-run.ts';
import { stepsOf, type MovedApp, type MoveStep } from './move.ts';
import { putRight } from './put-right.ts';
import { plainIn, textIn, type NamedProcess } from './records.ts';
import { startDaemon } from './raise.ts';
import { waitUntilStable } from './settle.ts';
import { Worker } from './work-as.ts';

export interface MoveOutcome {
  type: 'moved' | 'put back' | 'failed';
  /** How long no copy ran, in milliseconds; null: never stopped, or not measured. */
  downtimeMs: number | null;
  /** Why it was not moved, or what differs after the move. */
  why: string | null;
  /** The last lines of the app's error log, if it did not stay up. */
  log: string[];
  /** The journal is kept, and the move can be tried again. */
  open?: true;
  /** Apps that are registered but not started, because they are not as the plan showed them. */
  withheld?: string[];
}

/**
 * Carries out a move, from the first step that is not recorded as done. Each step first checks the current state, so
 * that an interrupted step can be repeated. If a step fails, everything is undone while that is possible.
 */
export async function takeSteps(run: MoveRun, done: readonly MoveStep[]): Promise<MoveOutcome> {
  const { journal } = run;
  try {
    for (const step of stepsOf(run.move).filter((one) => one === 'raise' || !done.includes(one))) {
      journal.write({ step, at: 'begin', back: false });
      run.progress(step, false);
      await take(step, run);
      journal.write({ step, at: 'done', back: false });
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const log = error instanceof Failed ? error.log : [];
    if (run.move.ends) return await leaveThere(run, error.message, log);
    journal.writeIfPossible({ back: true, why: error.message });
    const back = await putBack(run);
    return { ...back, why: [...new Set([error.message, back.why])].filter((part) => part !== null).join('; '), log };
  }
  journal.close();
  const mute =
    run.stoppedAt === null || run.servingAt !== null ? [] : [...new Set(run.move.apps.flatMap(({ ports }) => ports))];
  return {
    ...withheldIn(run),
    type: 'moved',
    downtimeMs: downtimeOf(run),
    why: mute.length === 0 ? null : `no process listens on port ${mute.join(', ')} yet`,
    log: [],
  };
}

/** Gives the apps of a move back to their old daemon. */
export async function putBack(run: MoveRun): Promise<MoveOutcome> {
  const { move, journal, to } = run;
  const back = async (step: MoveStep, work: () => Promise<void>) => {
    journal.writeIfPossible({ step, at: 'begin', back: true });
    run.progress(step, true);
    await work();
    journal.writeIfPossible({ step, at: 'done', back: true });
  };
  // Before the old daemon loses anything.
  if (move.from.state === 'live') await startDaemon(run.source, move.launcher);
  // The new daemon may be what fails. Its errors must not keep the app from running in the old one.
  let why: string | null = null;
  try {
    await back('remove', async () => {
      for (const process of await to.named(namesOf(move.apps.filter(({ twin }) => !twin)))) await to.remove(process);
    });
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const look = commandLineHere(['sudo', '-u', move.to.user, 'env', `PM2_HOME=${move.to.pm2Home}`, 'pm2', 'list']);
    why = `${error.message}; a copy may be left in it, which this shows: ${look}`;
  }
  // A copy that was started in the new daemon did not stay, so its start ends no downtime.
  run.upAt = run.servingAt = null;
  if (move.from.state === 'live') {
    await back('start', () => startAgain(run));
    run.upAt = performance.now();
    run.lookAtPorts();
  }
  await back('save', () => save(run, move.saved.to ?? [], move.saved.from ?? []));
  journal.close();
  return { type: 'put back', downtimeMs: downtimeOf(run), why, log: [] };
}

async function take(step: MoveStep, run: MoveRun): Promise<void> {
  const { move, to } = run;
  const names = namesOf(move.apps);
  switch (step) {
    case 'raise':
      return startDaemon(run.target, move.launcher);
    case 'stop': {
      await to.list(); // if it cannot answer now, it could not once the app is stopped
      run.stoppedAt ??= performance.now();
      const running = (await run.from.named(names)).filter(({ record }) => record.status !== 'stopped');
      await Promise.all(running.map((process) => run.from.stop(process)));
      return;
    }
    case 'end': {
      run.stoppedAt ??= performance.now();
      if (move.from.state === 'lost') run.move = await endLostDaemon(run);
      else await endDaemon(run);
      return;
    }
    case 'right':
      await putRight(move.to, false);
      return restoreList(run);
    case 'start':
      for (const app of move.apps) await startApp(app, to);
      run.upAt ??= performance.now();
      return;
    case 'settle':
      return waitUntilStable(run.target, to, move.apps, () => {
        run.lookAtPorts();
      });
    case 'remove':
      for (const process of await run.from.named(names)) await run.from.remove(process);
      return;
    case 'save':
      return save(
        run,
        (await to.named(names)).map(({ record }) => savedForm(record)),
        [],
      );
    case 'forget':
      for (const seat of move.forget) {
        const worker = new Worker(seat);
        await worker.save({ pm2Home: seat.pm2Home, names: seat.names, records: [] }).finally(() => {
          worker.dispose();
        });
      }
  }
}

/** Creates the processes of an app that do not exist yet; an existing one is only started. */
async function startApp(app: MovedApp, to: DaemonClient): Promise<void> {
  const there = await to.named([app.name]);
  if (app.twin) {
    const wanted = app.processes.some(({ running }) => running);
    for (const { pmId, record } of wanted ? there.filter((process) => isShaky(process, app.minUptime)) : [])
      await to.start(pmId, record);
    return;
  }
  const instances = there.map(({ record }) => instanceOf(record));
  for (const { after } of app.processes) {
    const at = instances.indexOf(instanceOf(after));
    if (at >= 0) instances.splice(at, 1);
    else await to.prepare(after);
  }
}

/** It is down, or was up so briefly that the other copy may still have disturbed it. */
function isShaky({ record }: NamedProcess, minUptime: number): boolean {
  return (
    record.status !== 'online' || typeof record.pm_uptime !== 'number' || Date.now() - record.pm_uptime < minUptime
  );
}

/** The instance number of a process of an app (God.injectVariables). */
function instanceOf(record: Pm2Env): string {
  return plainIn(record, textIn(record, 'instance_var') || 'NODE_APP_INSTANCE') ?? '';
}

async function startAgain({ move, from }: MoveRun): Promise<void> {
  for (const app of move.apps) {
    const there = await from.named([app.name]);
    for (const { pmId, running, before } of app.processes) {
      const same = there.find((process) => process.pmId === pmId);
      if (same === undefined) await from.prepare(freshForm(before, running));
      else if (running && !isRunning(same.record)) await from.start(same.pmId, before);
    }
  }
}

/** The new list comes first, so that a boot between the two writes still starts the app. */
async function save(
  { move, target, keeper }: MoveRun,
  there: readonly Pm2Env[],
  here: readonly Pm2Env[],
): Promise<void> {
  const names = namesOf(move.apps);
  const own = there.filter((record) => !isModule(record));
  await target.save({ pm2Home: move.to.pm2Home, names, records: own });
  if (move.from.pm2Home !== move.to.pm2Home) await keeper.save({ pm2Home: move.from.pm2Home, names, records: here });
}

/**
 * There is no old daemon to go back to. Apps that do not stay up are registered in the new one and reported; the
 * journal keeps those that could not be registered.
 */
async function leaveThere(run: MoveRun, why: string, log: string[]): Promise<MoveOutcome> {
  const there = await run.to.named(namesOf(run.move.apps)).catch(() => []);
  const outcome: MoveOutcome = { ...withheldIn(run), type: 'failed', downtimeMs: downtimeOf(run), why, log };
  const isThere = ({ name, processes, twin }: MovedApp) =>
    there.filter(({ record }) => record.name === name).length >= (twin ? 1 : processes.length);
  if (!run.move.apps.every(isThere)) return { ...outcome, open: true };
  await take('save', run);
  run.journal.close();
  return outcome;
}

function downtimeOf({ stoppedAt, upAt, servingAt, move }: MoveRun): number | null {
  if (stoppedAt === null || upAt === null || upAt < stoppedAt) return null;
  const listens = move.apps.some(({ ports }) => ports.length > 0);
  return (listens ? (servingAt ?? performance.now()) : upAt) - stoppedAt;
}

function namesOf(apps: readonly MovedApp[]): string[] {
  return apps.map(({ name }) => name);
}

function withheldIn({ move }: MoveRun): Pick<MoveOutcome, 'withheld'> {
  const names = namesOf(move.apps.filter(({ withheld }) => withheld === true));
  return names.length === 0 ? {} : { withheld: names };
}
