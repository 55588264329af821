import { accessSync, constants } from 'node:fs';
import { accountByUid } from '../identity/accounts.ts';
import { readDumpRecords } from '../pm2/dump.ts';
import { dumpFile } from '../pm2/home.ts';
import { statOf } from '../runtime/peek.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { findUntrusted } from '../trust/trust.ts';
import { adoptCommandWords } from './adopt-command.ts';
import { copiesIn, labelOf, sameProgram, type AppCopy } from './choose.ts';
import { usersWhoDecide, type Consent } from './consent.ts';
import type { HostInventory, AppSource } from './find.ts';
import type { Move } from './move.ts';
import { isWritableJson, textIn } from './records.ts';
import type { Seat } from './seat.ts';

/** A reason against a move, with its remedy. */
export interface Problem {
  what: string;
  /** `run`: a command to paste; `choose`: one line each; `fix`: an edit or a right; `ask`: who can help. */
  label: 'run' | 'choose' | 'fix' | 'ask';
  repair: string[];
}

/** Problems that are known without trying anything. */
export function problemsOf(
  { apps, from, to }: Move,
  place: AppSource,
  target: AppSource | null,
  copies: readonly AppCopy[],
  found: HostInventory,
): Problem[] {
  const problems: Problem[] = [];
  if (place.trouble !== null)
    problems.push({ what: `the daemon of ${labelOf(place)}: ${place.trouble}`, label: 'ask', repair: [] });
  if (place.seat === null)
    problems.push({
      what: `the daemon in ${place.pm2Home} runs as a user without an account`,
      label: 'ask',
      repair: [],
    });
  if (target?.trouble)
    problems.push({
      what: `the daemon of ${to.label}: ${target.trouble}`,
      label: 'run',
      repair: process.geteuid?.() === 0 ? [] : [rootAdoptCommand({ apps, to })],
    });
  if (from.keeper === null)
    problems.push({
      what: `${place.pm2Home} belongs to root, but others can change a directory above it: root writes no list there`,
      label: 'run',
      repair: ['pm2-guard doctor'],
    });
  for (const copy of copies) {
    const twin = target && copiesIn(target).find(({ name }) => name === copy.name);
    if (twin && !sameProgram(twin, copy))
      problems.push({
        what: `${to.label} has another app of the name ${copy.name}, with the script ${scriptOf(twin)}`,
        label: 'fix',
        repair: ['give one of them another name: pm2 delete it, and start it again with --name'],
      });
  }
  for (const pm2Home of new Set([place.pm2Home, to.pm2Home]))
    if (isStrangeList(dumpFile(pm2Home)))
      problems.push({
        what: `${dumpFile(pm2Home)} is no list that pm2 has saved`,
        label: 'fix',
        repair: asOwnerOf(pm2Home, ['mv', '-n', dumpFile(pm2Home), `${dumpFile(pm2Home)}.old`]),
      });
  const other = occupant(place, to, found);
  if (other !== undefined)
    problems.push({
      what: `${to.pm2Home} holds a daemon of ${other.seat?.user ?? 'another user'}, which has to leave it first`,
      label: 'run',
      repair: [adoptCommandWords([], { from: to.pm2Home })],
    });
  if (to.uid === 0 && usersWhoDecide(place).length > 0 && apps.some(({ twin }) => !twin)) {
    problems.push({
      what: `root would run what ${place.seat?.user ?? 'another user'} has put into ${place.pm2Home}`,
      label: 'fix',
      repair: ['look at it with pm2 describe, and start it as root yourself'],
    });
  }
  return problems;
}

/** The same move for a user who may use sudo. */
export function rootAdoptCommand({ apps, to }: Pick<Move, 'apps' | 'to'>): string {
  return adoptCommandWords(
    apps.map(({ name }) => name),
    { to: to.label, asRoot: true },
  );
}

/** The list exists and is readable, but its entries cannot be edited one by one. */
function isStrangeList(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
  } catch {
    return false;
  }
  return readDumpRecords(file)?.every((record) => isWritableJson(record)) !== true;
}

/** Another user's daemon in the target PM2_HOME. */
function occupant(place: AppSource, to: Seat, { places }: HostInventory): AppSource | undefined {
  return places.find(
    (other) => other !== place && other.state === 'live' && other.pm2Home === to.pm2Home && other.seat?.uid !== to.uid,
  );
}

/** The command as the directory's owner. None as root where another user could put a link in its place. */
function asOwnerOf(directory: string, words: readonly string[]): string[] {
  const uid = statOf(directory)?.uid ?? 0;
  if (uid === 0 && findUntrusted(directory, 'directory') !== null) return [];
  return [commandLineHere(['sudo', ...(uid === 0 ? [] : ['-u', accountByUid(uid)?.name ?? `#${uid}`]), ...words])];
}

/** A move whose consent cannot be asked for here. */
export function consentProblem(move: Move, { users, digest }: Consent): Problem {
  return {
    what: whoDecides(move, users),
    label: 'choose',
    repair: [
      `accept the plan above:  ${acceptCommand(move, digest)}`,
      `look at it first:       ${commandFor(move, '--dry-run')}`,
    ],
  };
}

/** The command that carries out exactly the shown plan. */
export function acceptCommand(move: Move, digest: string): string {
  return commandFor(move, '--accept', digest);
}

function commandFor({ apps, from, to }: Move, ...more: string[]): string {
  const names = apps.map(({ name }) => name);
  return adoptCommandWords(names, { from: from.pm2Home, to: to.label, more });
}

function scriptOf({ processes }: AppCopy): string {
  return textIn(processes[0]?.record, 'pm_exec_path');
}

/** Whose word decides what the apps run that are moved to another user. */
export function whoDecides({ to }: Move, users: readonly string[]): string {
  const decide = users.length === 1 ? 'decides' : 'decide';
  return `${users.join(' and ')} ${decide} what these apps run. After the move they would run as ${to.user}`;
}
