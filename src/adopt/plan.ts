import { dumpFile } from '../pm2/home.ts';
import { isRunning, type Pm2Env } from '../pm2/record.ts';
import { NO_UID, asPm2Home, type Uid } from '../runtime/brands.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { adoptCommandWords } from './adopt-command.ts';
import { copiesIn, labelOf, type AdoptChoice, type AppCopy } from './choose.ts';
import { consentFor, usersWhoDecide, type Consent } from './consent.ts';
import { listState } from './list-state.ts';
import { liveDaemonOf, type HostInventory, type AppSource } from './find.ts';
import type { Launcher, Move, MovedApp } from './move.ts';
import { problemsOf, type Problem } from './problems.ts';
import { plainIn, type NamedProcess, stableAfterMs } from './records.ts';
import { relocate } from './relocate.ts';
import type { Seat } from './seat.ts';

type MoveChoice = Extract<AdoptChoice, { type: 'move' }>;

export interface Planned {
  move: Move;
  /** While there is one, nothing is changed. */
  problems: Problem[];
  notes: string[];
  /** What a person must accept first; null: nothing. */
  consent: Consent | null;
}

/** The moves of the chosen apps. Each is independent; apps of a daemon that has to end share one. */
export function plan(
  choices: readonly AdoptChoice[],
  found: HostInventory,
  launcherOf: (seat: Seat) => Launcher,
  overlap: boolean,
): Planned[] {
  const ending = new Map<AppSource, Planned>();
  return choices.flatMap((choice) => {
    if (choice.type !== 'move') return [];
    const { copy, to } = choice;
    if (!mustEnd(copy.place, to)) return [planned([copy], to, [choice], found, launcherOf(to), overlap)];
    const known = ending.get(copy.place);
    if (known !== undefined) {
      if (known.move.to.pm2Home !== to.pm2Home)
        known.problems.push({
          what: `${copy.name} belongs to ${to.label}, and goes to ${known.move.to.label} with the rest of that daemon`,
          label: 'choose',
          repair: [known.move.to, to].map(({ label }) =>
            adoptCommandWords([], { from: copy.place.pm2Home, to: label }),
          ),
        });
      return [];
    }
    const together = choices.flatMap((one) => (one.type === 'move' && one.copy.place === copy.place ? [one] : []));
    const whole = planned(copiesIn(copy.place), to, together, found, launcherOf(to), false);
    ending.set(copy.place, whole);
    return [whole];
  });
}

/** Two daemons cannot share a PM2_HOME, and a daemon that does not answer can only be ended. */
function mustEnd({ state, pm2Home, seat }: AppSource, to: Seat): boolean {
  return state === 'lost' || (state === 'live' && pm2Home === to.pm2Home && seat?.uid !== to.uid);
}

function planned(
  copies: AppCopy[],
  to: Seat,
  choices: readonly MoveChoice[],
  found: HostInventory,
  launcher: Launcher,
  overlap: boolean,
): Planned {
  const { place } = copies[0] as AppCopy;
  const target = liveDaemonOf(to, found);
  const listed =
    target ?? found.places.find(({ pm2Home, state }) => pm2Home === to.pm2Home && state !== 'lost') ?? null;
  const apps = copies.map((copy) => movedApp(copy, target, to, found));
  const ends = mustEnd(place, to);
  const names = apps.map(({ name }) => name);
  const seat = place.seat ?? { ...to, label: labelOf(place) };
  const move: Move = {
    apps,
    to,
    ends,
    launcher,
    from: {
      ...seat,
      pm2Home: place.pm2Home,
      state: place.state,
      pid: place.pid,
      started: place.started,
      keeper: place.pm2Home === to.pm2Home ? to : place.keeper,
    },
    overlap: overlap && place.state === 'live' && !ends && apps.every(mayRunTwice),
    forget: forgotten(choices),
    saved: { from: entriesOf(place.saved, names), to: entriesOf(listed?.saved ?? null, names) },
    list: place.state === 'lost' ? listOf(place, to) : null,
  };
  return {
    move,
    problems: problemsOf(move, place, target, copies, found),
    notes: notesOf(move, place, target, overlap),
    consent: consentFor(move, place),
  };
}

/** The lists that lose apps, each with the names of its own. */
function forgotten(choices: readonly MoveChoice[]): Move['forget'] {
  const places = new Set(choices.flatMap(({ stale }) => stale));
  return [...places].flatMap((place) =>
    place.keeper === null
      ? []
      : [{ ...place.keeper, names: choices.filter(({ stale }) => stale.includes(place)).map(({ copy }) => copy.name) }],
  );
}

function listOf(place: AppSource, to: Seat): Move['list'] {
  const exchangeable = usersWhoDecide(place).some((uid) => uid !== to.uid);
  return { records: place.saved ?? [], state: listState(dumpFile(place.pm2Home)), exchangeable };
}

function movedApp(copy: AppCopy, target: AppSource | null, to: Seat, found: HostInventory): MovedApp {
  const { name, place, processes } = copy;
  const twin = target !== null && copiesIn(target).some((other) => other.name === name);
  const moved = processes.map(({ pmId, record }) => {
    const pm2Homes = [place.pm2Home, ...(typeof record.PM2_HOME === 'string' ? [asPm2Home(record.PM2_HOME)] : [])];
    // An old list does not say whether the copy in the right daemon should run.
    const running = isRunning(record) && !(twin && place.state === 'saved');
    const from = { pm2Homes, homeDirectory: originHomeDirectory(record, place), uid: originUid(record, place) };
    const { record: after, dropped } = relocate(record, running, from, to);
    return { dropped, process: { pmId: place.state === 'live' ? pmId : null, running, before: record, after } };
  });
  const pids = processes.map(({ pid }) => pid).filter((pid) => pid > 0);
  const held = [
    ...pids.flatMap(found.portsOf),
    ...(processes.some(({ record }) => record.exec_mode === 'cluster_mode') ? place.ports : []),
  ];
  const ports = [...new Set([...held, ...processes.filter(isUnsettled).flatMap(({ record }) => portIn(record))])];
  return {
    name,
    ports,
    processes: moved.map(({ process }) => process),
    twin,
    minUptime: stableAfterMs(processes.map(({ record }) => record)),
    dropped: [...new Set(moved.flatMap(({ dropped }) => dropped))],
  };
}

/** It should run, but has not been up long enough to show which ports it listens on. */
function isUnsettled({ pid, record }: NamedProcess): boolean {
  if (!isRunning(record)) return false;
  if (pid === 0 || record.status === 'waiting restart') return true;
  return typeof record.pm_uptime === 'number' && Date.now() - record.pm_uptime < stableAfterMs([record]);
}

/** Neither the kernel nor the environment shows a port of the app. */
function mayRunTwice({ ports, twin, processes }: MovedApp): boolean {
  return !twin && ports.length === 0 && processes.every(({ before }) => portIn(before).length === 0);
}

function portIn(record: Pm2Env): number[] {
  const number = Number(plainIn(record, 'PORT') ?? NaN);
  return Number.isInteger(number) && number > 0 && number < 65_536 ? [number] : [];
}

/** The old user's home directory: a saved record's HOME, else that of the daemon's user. */
function originHomeDirectory(record: Pm2Env, place: AppSource): string | null {
  const homeDirectory = place.state === 'saved' && typeof record.HOME === 'string' ? record.HOME : null;
  return homeDirectory ?? place.seat?.homeDirectory ?? null;
}

function originUid(record: Pm2Env, place: AppSource): Uid {
  const named = typeof record.PM2_HOME === 'string' ? realpathOrSelf(record.PM2_HOME) : place.pm2Home;
  const copied = place.state === 'saved' && named !== place.pm2Home;
  return copied ? NO_UID : (place.seat?.uid ?? NO_UID);
}

function entriesOf(saved: readonly Pm2Env[] | null, names: readonly string[]): Pm2Env[] | null {
  return saved?.filter(({ name }) => typeof name === 'string' && names.includes(name)) ?? null;
}

function notesOf(
  { apps, from, to, ends, overlap, forget }: Move,
  place: AppSource,
  target: AppSource | null,
  wanted: boolean,
): string[] {
  return [
    ...place.modules
      .filter(() => ends)
      .map((name) => `the module ${name} is not moved; as ${to.user}: pm2 install ${name}`),
    ...(wanted && !overlap ? [`${apps.map(({ name }) => name).join(', ')} cannot run twice: it is stopped first`] : []),
    ...(ends && from.state === 'lost'
      ? [
          'its daemon has no socket, so it is ended with a signal; it then saves its list. Apps of that list that ' +
            'are not shown here are not started',
        ]
      : []),
    ...(ends ? [`there is no way back: the daemon of ${from.user} in ${from.pm2Home} is not started again`] : []),
    ...(target === null
      ? []
      : apps
          .filter(({ twin }) => twin)
          .map(({ name }) => `${to.label} has ${name} already: that copy stays, this one is removed`)),
    ...apps
      .filter(({ dropped }) => dropped.length > 0)
      .map(
        ({ name, dropped }) =>
          `${name} loses variables that lead into the old user's home directory or session: ${dropped.join(', ')}`,
      ),
    ...apps
      .filter(({ processes }) => processes.some(({ before }) => before.status === 'errored'))
      .map(({ name }) => `${name} is errored in its old daemon: the new one registers it, but does not start it`),
    ...forget.map(({ pm2Home }) => `it is also removed from the saved list in ${pm2Home}`),
  ];
}
