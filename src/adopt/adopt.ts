import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { withPersonalDaemons } from '../host/daemons/personal-daemons.ts';
import { accountByName, accountByUid } from '../identity/accounts.ts';
import { dumpFile } from '../pm2/home.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { asPm2Home, asPosix } from '../runtime/brands.ts';
import { isFile, realpathOrSelf } from '../runtime/peek.ts';
import { UserError } from '../terminal/user-error.ts';
import { lock } from '../trust/lock.ts';
import { adoptCommandWords } from './adopt-command.ts';
import { takeSteps, putBack, type MoveOutcome } from './carry-out.ts';
import { chooseMoves, type AdoptChoice } from './choose.ts';
import { Failed } from './failed.ts';
import { find, savedPlace, type HostInventory, type AppSource } from './find.ts';
import { MoveRun, type Progress } from './move-run.ts';
import { inspect } from './inspect.ts';
import { Journal, makeJournalDirectory, sweep, unfinished, type Unfinished } from './journal.ts';
import type { Launcher } from './move.ts';
import { plan, type Planned } from './plan.ts';
import { consentProblem } from './problems.ts';
import type { Seat } from './seat.ts';
import { AGENT } from './work-as.ts';

export interface AdoptRequest {
  names: readonly string[];
  allStrays: boolean;
  /** A daemon of the config, a user, a PM2_HOME or a saved list; null: all of them. */
  from: string | null;
  /** A daemon of the config, or of a user of its `personal`; null: where the config puts each app. */
  to: string | null;
  overlap: boolean;
  /** Digests of plans that were shown and accepted (consent.ts). */
  accept: readonly string[];
  /** For a move that needs consent: only show it, ask, or refuse it. */
  consent: 'show' | 'ask' | 'refuse';
}

export interface Prospect {
  choices: AdoptChoice[];
  planned: Planned[];
  found: HostInventory;
}

/** What would be done, and the problems. It changes nothing. */
export async function previewOf(
  request: AdoptRequest,
  policy: Policy,
  launcherOf: (daemon: Daemon | null) => Launcher,
): Promise<Prospect> {
  const fromPm2Home =
    request.from !== null && isAbsolute(request.from)
      ? [isFile(request.from) ? dirname(request.from) : request.from]
      : [];
  const found = await find([...policy.daemons.map(({ pm2Home }) => pm2Home), ...fromPm2Home.map(asPm2Home)]);
  const to = request.to === null ? null : daemonNamed(request.to, policy);
  const from = request.from === null ? null : placesOf(request.from, found, policy);
  const choices = chooseMoves(found.places, policy, { names: request.names, allStrays: request.allStrays, from, to });
  const planned = plan(
    choices,
    found,
    (seat) => launcherOf(policy.daemons.find(({ name }) => name === seat.label) ?? null),
    request.overlap,
  );
  for (const one of planned) requireConsent(one, request);
  for (const one of planned) if (one.problems.length === 0) await inspect(one, found);
  return { choices, planned, found };
}

/** Marks a consent as given if its digest was. Without a terminal to ask on, a missing consent becomes a problem. */
function requireConsent(planned: Planned, { accept, consent }: AdoptRequest): void {
  const needed = planned.consent;
  if (needed === null) return;
  // Only root can run something as another user, so a user's own attempt fails for that reason.
  if (process.geteuid?.() !== 0) {
    planned.consent = null;
    return;
  }
  if (accept.includes(needed.digest)) planned.consent = { ...needed, given: true };
  else if (consent === 'refuse') planned.problems.push(consentProblem(planned.move, needed));
}

/** Where journals are kept: root's in a system directory, a user's in a directory of that user. */
export function journalDirectory(): string {
  const uid = asPosix(process).geteuid();
  return uid === 0
    ? '/var/lib/pm2-guard/adopt'
    : join(accountByUid(uid)?.homeDirectory ?? '/nonexistent', '.local/state/pm2-guard/adopt');
}

/** The adoptions that were interrupted, oldest first. */
export function pending(): Unfinished[] {
  return unfinished(journalDirectory());
}

/** Takes the lock that allows one adoption at a time. @throws UserError if one is running */
export function takeLock(): () => void {
  makeJournalDirectory(journalDirectory());
  const held = lock(join(journalDirectory(), 'lock'));
  if (typeof held === 'number') throw new UserError(`another adoption is under way, by pid ${held}`, null, 2);
  sweep(journalDirectory());
  return held;
}

/** @throws UserError if another build took the place of this one, or none, while a person was asked */
export function requireAgent(): void {
  if (!existsSync(AGENT))
    throw new UserError(
      'pm2-guard was replaced or removed in the meantime. Nothing was changed by this command: type it again',
      null,
      2,
    );
}

export async function carryOutMove({ move }: Planned, progress: Progress): Promise<MoveOutcome> {
  return workOn(new MoveRun(move, Journal.begin(journalDirectory(), move), progress), (run) => takeSteps(run, []));
}

/** @throws UserError if it could neither be finished nor undone. The journal stays, so both can be tried again */
async function workOn(run: MoveRun, work: (run: MoveRun) => Promise<MoveOutcome>): Promise<MoveOutcome> {
  try {
    return await work(run);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    throw new UserError(
      `${run.move.apps.map(({ name }) => name).join(', ')}: neither moved nor put back: ${error.message}\n` +
        `The journal is kept: ${run.journal.file}. First remove the cause named above. Then undo the move as ` +
        'below, or finish it with --resume.',
      adoptCommandWords([], { more: ['--rollback'] }),
    );
  } finally {
    run.dispose();
  }
}

/** Finishes an interrupted adoption, forwards or back. */
export async function finish(
  { file, move, done, last, back, learned }: Unfinished,
  way: 'resume' | 'rollback',
  progress: Progress,
): Promise<MoveOutcome> {
  // A daemon whose socket is gone may be ending since the step began, and only the new one can start its apps.
  const told = move.from.state === 'lost' && (learned || last === 'end');
  if (way === 'rollback' && move.ends && (told || done.includes('end'))) {
    throw new UserError(
      `there is no way back: the daemon of ${move.from.user} in ${move.from.pm2Home} has ended, or was told to end`,
      adoptCommandWords([], { more: ['--resume'] }),
      1,
    );
  }
  return workOn(new MoveRun(move, Journal.reopen(file), progress, learned), (run) => {
    if (way === 'resume' && !back) return takeSteps(run, done);
    if (!back) run.journal.write({ back: true, why: 'asked for' });
    return putBack(run);
  });
}

/** A declared daemon, or that of a user of `personal`, as doctor names it. */
function daemonNamed(name: string, policy: Policy): Daemon {
  const account = accountByName(name.replace(/^~/, ''));
  const { daemons } = withPersonalDaemons(policy, account === null ? [] : [account.uid]);
  const daemon = daemons.find((one) => one.name === name);
  if (daemon === undefined)
    throw new UserError(
      `the config has no daemon "${name}": it has ${policy.daemons.map((one) => one.name).join(', ')}`,
      'pm2-guard check',
      2,
    );
  return daemon;
}

function placesOf(word: string, found: HostInventory, policy: Policy): AppSource[] {
  const declared = policy.daemons.find(({ name }) => name === word);
  if (declared === undefined && !isAbsolute(word)) {
    const own = found.places.filter(({ seat }) => seat?.user === word);
    if (own.length === 0)
      throw new UserError(
        `--from ${word}: no daemon of the config is called that, and no user of that name has apps in one`,
        'pm2-guard doctor',
        2,
      );
    return own;
  }
  if (declared === undefined && isFile(word)) return [requireSaved(savedPlace(asPm2Home(dirname(word)), word), word)];
  const pm2Home = realpathOrSelf(declared?.pm2Home ?? asPm2Home(word));
  const there = found.places.filter((place) => place.pm2Home === pm2Home);
  // Adds apps that are saved there and do not run: a list copied from another PM2_HOME restores nothing (T29).
  const running = there.flatMap(({ processes }) => processes.map(({ record }) => record.name));
  const saved = savedPlace(pm2Home, dumpFile(pm2Home));
  const asleep = there.some(({ state }) => state === 'live')
    ? [{ ...saved, processes: saved.processes.filter(({ record }) => !running.includes(record.name)) }]
    : [];
  const places = [...there, ...asleep].filter(({ processes, trouble }) => processes.length > 0 || trouble !== null);
  if (places.length === 0)
    throw new UserError(`--from ${word}: nothing runs there, and nothing is saved there`, 'pm2-guard doctor', 2);
  return places;
}

function requireSaved(place: AppSource, file: string): AppSource {
  if (place.saved === null) throw new UserError(`${file} is no list that pm2 has saved, or it cannot be read`, null, 2);
  return place;
}

export type { AdoptChoice, HostInventory, Launcher, MoveOutcome, AppSource, Planned, Progress, Seat, Unfinished };
