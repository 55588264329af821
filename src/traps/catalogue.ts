import { BOOT } from './boot.ts';
import { DUPLICATES } from './duplicates.ts';
import type { Trap } from './trap.ts';
import { WAYS_ROUND } from './ways-round.ts';
import { WRONG_PM2_HOME } from './wrong-pm2-home.ts';
import { WRONG_USER } from './wrong-user.ts';

export const TRAP_GROUPS: Readonly<Record<string, Readonly<Record<string, Trap>>>> = {
  'Wrong user': WRONG_USER,
  'Right user, wrong PM2_HOME': WRONG_PM2_HOME,
  'Boot and save': BOOT,
  Duplicates: DUPLICATES,
  'Ways round the shim': WAYS_ROUND,
};

export const traps: Readonly<Record<string, Trap>> = Object.fromEntries(
  Object.values(TRAP_GROUPS).flatMap((group) => Object.entries(group)),
);
