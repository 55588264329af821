import { reinstallCommand } from '../pm2/installed.ts';
import type { BinDirectory } from './bin-directory.ts';
import { faultOf, type Fault } from './fault.ts';
import { handFor, inBin, lookAt, type Look, type Sealable } from './package.ts';

/** `renewed`: it was sealed, not as this pm2-guard seals. `cleaned`: it was open, and no longer holds what a seal left behind. */
export type Outcome = 'sealed' | 'renewed' | 'unsealed' | 'cleaned' | 'unchanged' | 'refused';

/** What became of one package. */
export interface Result {
  /** Its directory. */
  package: string;
  /** Of PM2; null: could not be told. */
  version: string | null;
  /** Whose hand did it. */
  user: string | null;
  outcome: Outcome;
  /** Where it was refused. */
  fault: Fault | null;
}

/**
 * Puts a door in place of the package's bin/pm2, or a newer one in place of an old door. Sealed as it should be, it is not touched.
 *
 * @param directory physical path of the package
 * @param door `doorSource()`
 * @param dry change nothing, only tell
 */
export function sealPackage(directory: string, door: string, dry: boolean): Result {
  return workOn(directory, door, dry, (look, opened) => {
    switch (look.state) {
      case 'sealed': return 'unchanged';
      case 'outdated':
        if (!dry) opened.renew(look.door, look.stat);
        return 'renewed';
      case 'open': case 'leftover': return dry || opened.seal(look.door) ? 'sealed' : 'unchanged';
    }
  });
}

/** Puts PM2's own bin/pm2 back, the very file. What is open already is not touched, but for what an earlier seal left behind. */
export function unsealPackage(directory: string, dry: boolean): Result {
  return workOn(directory, '', dry, (look, opened) => {
    switch (look.state) {
      case 'open': return 'unchanged';
      case 'leftover': return dry || opened.forgetOriginal() ? 'cleaned' : 'unchanged';
      case 'sealed': case 'outdated':
        if (!dry) opened.unseal();
        return 'unsealed';
    }
  });
}

/** How a package stands, for a report. */
export interface Standing {
  package: string;
  version: string | null;
  state: Look['state'] | 'hidden';
}

/** @returns `hidden` where the caller may not look */
export function standingOf(directory: string, door: string): Standing {
  try {
    const hand = handFor(directory);
    const look = () => inBin(directory, (opened) => lookAt(directory, opened, door));
    const { state, version } = hand.type === 'hand' && process.geteuid?.() === 0 ? hand.does(look) : look();
    return { package: directory, version, state };
  } catch {
    return { package: directory, version: null, state: 'hidden' };
  }
}

type Step = (look: Sealable, opened: BinDirectory) => Exclude<Outcome, 'refused'>;

function workOn(directory: string, door: string, dry: boolean, step: Step): Result {
  const refused = (fault: Fault, version: string | null = null): Result => ({ package: directory, version, user: null, outcome: 'refused', fault });
  try {
    const hand = handFor(directory);
    if (hand.type === 'nobody') return refused(hand);
    return hand.does(() => inBin(directory, (opened): Result => {
      const look = lookAt(directory, opened, door);
      if (look.state === 'foreign') return refused({ why: look.why, next: null }, look.version);
      if (look.state === 'broken') return refused({ why: 'PM2\'s own bin/pm2 is gone from beside the door', next: reinstallCommand(directory, look.version) }, look.version);
      if (look.stat.uid !== process.geteuid?.()) return refused({ why: `bin/pm2 is not ${hand.user}'s, as bin/ is`, next: `chown -R ${hand.user}: ${directory}` }, look.version);
      if (!dry) opened.sweep();
      return { package: directory, version: look.version, user: hand.user, outcome: step(look, opened), fault: null };
    }));
  } catch (error) {
    return refused(faultOf(error, directory));
  }
}
