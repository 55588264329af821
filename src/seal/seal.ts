import { join } from 'node:path';
import { asUser, type Task } from '../identity/as-user.ts';
import { SwitchError } from '../identity/switch-user.ts';
import { reinstallCommand } from '../pm2/installed.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { BinDirectory } from './bin-directory.ts';
import type { ChosenPackage } from './chosen.ts';
import { sealFault, type SealFault } from './fault.ts';
import { writerOf, inBin, lookAt, versionOf, type Look, type Sealable } from './package.ts';

/** `renewed`: replaced another version's door. `cleaned`: removed leftovers of an earlier seal. */
export type SealOutcome = 'sealed' | 'renewed' | 'unsealed' | 'cleaned' | 'unchanged' | 'refused';

export interface SealResult {
  package: string;
  /** PM2's version; null: unknown. */
  version: string | null;
  /** The user whose rights were used. */
  user: string | null;
  outcome: SealOutcome;
  fault: SealFault | null;
}

export function sealPackage(chosen: ChosenPackage, door: string, dry: boolean): SealResult {
  return workOn({ directory: chosen.directory, door, dry, does: 'seal' }, chosen.only);
}

/** Restores the original file itself, not a copy. Removes leftovers of an earlier seal. */
export function unsealPackage(chosen: ChosenPackage, dry: boolean): SealResult {
  return workOn({ directory: chosen.directory, door: '', dry, does: 'unseal' }, chosen.only);
}

export interface PackageStanding {
  package: string;
  version: string | null;
  state: Look['state'] | 'hidden';
}

/** Returns `hidden` if the caller may not read it. */
export function sealStateOf(directory: string, door: string): PackageStanding {
  try {
    const writer = writerOf(directory);
    const look = { directory, door };
    const asOther = writer.type === 'writer' && process.geteuid?.() === 0;
    return asOther ? asUser(writer.as, LOOK, look) : LOOK.run(look, null);
  } catch {
    return { package: directory, version: null, state: 'hidden' };
  }
}

export const LOOK: Task<{ directory: string; door: string }, PackageStanding> = {
  name: 'look at package',
  run: ({ directory, door }) => {
    const { state, version } = inBin(directory, (opened) => lookAt(directory, opened, door));
    return { package: directory, version, state };
  },
};

interface Work {
  directory: string;
  door: string;
  dry: boolean;
  does: 'seal' | 'unseal';
}

export const WORK: Task<Work & { user: string }, SealResult> = {
  name: 'work on package',
  run: (work) => {
    try {
      return inBin(work.directory, (opened) => workIn(opened, work));
    } catch (error) {
      return refused(work.directory, sealFault(error, work.directory), versionOf(work.directory));
    }
  },
};

function workOn(work: Work, only: ChosenPackage['only']): SealResult {
  try {
    const writer = writerOf(work.directory);
    if (writer.type === 'none') return refused(work.directory, writer);
    if (only !== null && writer.as.uid !== only.uid)
      return refused(work.directory, {
        why: `it is ${writer.as.user}'s, and --user ${only.user} changes only what is ${only.user}'s`,
        next: quoteCommand(['ls', '-ld', join(work.directory, 'bin')]),
      });
    return asUser(writer.as, WORK, { ...work, user: writer.as.user });
  } catch (error) {
    if (error instanceof SwitchError) return refused(work.directory, { why: error.message, next: null });
    return refused(work.directory, sealFault(error, work.directory));
  }
}

function workIn(opened: BinDirectory, { directory, door, dry, does, user }: Work & { user: string }): SealResult {
  const look = lookAt(directory, opened, door);
  if (look.state === 'foreign') return refused(directory, { why: look.why, next: null }, look.version);
  if (look.state === 'broken') {
    const why = "PM2's own bin/pm2 is gone from beside the door";
    return refused(directory, { why, next: reinstallCommand(directory, look.version) }, look.version);
  }
  if (look.stat.uid !== process.geteuid?.()) {
    const why = `bin/pm2 is not ${user}'s, as bin/ is`;
    return refused(directory, { why, next: reinstallCommand(directory, look.version) }, look.version);
  }
  if (!dry) opened.sweep();
  const outcome = does === 'seal' ? seal(look, opened, dry) : unseal(look, opened, dry);
  return { package: directory, version: look.version, user, outcome, fault: null };
}

function seal(look: Sealable, opened: BinDirectory, dry: boolean): SealOutcome {
  switch (look.state) {
    case 'sealed':
      return 'unchanged';
    case 'outdated':
      if (!dry) opened.renew(look.door, look.stat);
      return 'renewed';
    case 'open':
    case 'leftover':
      return dry || opened.seal(look.door) ? 'sealed' : 'unchanged';
  }
}

function unseal(look: Sealable, opened: BinDirectory, dry: boolean): SealOutcome {
  switch (look.state) {
    case 'open':
      return 'unchanged';
    case 'leftover':
      return dry || opened.forgetOriginal() ? 'cleaned' : 'unchanged';
    case 'sealed':
    case 'outdated':
      if (!dry) opened.unseal();
      return 'unsealed';
  }
}

function refused(directory: string, fault: SealFault, version: string | null = null): SealResult {
  return { package: directory, version, user: null, outcome: 'refused', fault };
}
