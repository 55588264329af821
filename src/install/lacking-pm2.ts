import { repairsOfPm2 } from '../pm2/give-to-root.ts';
import { findRealPm2, type RealPm2 } from '../pm2/installed.ts';
import { pinAdvice } from '../pm2/pin-advice.ts';
import type { Daemon } from '../policy/policy.ts';
import { installPm2Line, rootCommandLine } from '../terminal/root-command.ts';
import { CONFIG_FILE, LIBRARY } from './places.ts';
import { repairInWords } from './root-only.ts';

/**
 * Why root has no pm2 to run, and the command that changes that.
 * @param none what to say where no pm2 was found at all
 */
export function lackOf(pm2: Exclude<RealPm2, { type: 'found' }>, none: string): string {
  switch (pm2.type) {
    case 'untrusted': {
      const repair = repairInWords([...repairsOfPm2(pm2, pm2.distrust), ['pm2-guard', 'install']]) ?? '';
      return `${pm2.bin} will not be run as root: ${pm2.distrust.path} ${pm2.distrust.why}\n  run:  ${repair}`;
    }
    case 'none': {
      const advice = pinAdvice(pm2.tried, CONFIG_FILE);
      const install = `${installPm2Line()} && ${rootCommandLine('install')}`;
      return advice === null
        ? `${none}\n  run:  ${install}`
        : `${advice.why}\n  fix:  ${advice.fix}\n  or:   ${install}   (a pm2 for all users)`;
    }
  }
}

/** Whether calls for a daemon have a pm2 that the config names. */
export function hasOwnPm2({ pm2, uid }: Pick<Daemon, 'pm2' | 'uid'>): boolean {
  return pm2 !== null && findRealPm2({ recorded: pm2, path: '', skip: [LIBRARY], asRoot: uid === 0 }).type === 'found';
}
