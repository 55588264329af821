import type { Pm2Home } from '../../runtime/brands.ts';
import type { Account } from '../../identity/accounts.ts';
import { pm2StartOf, type Pm2Start } from './pm2-start.ts';
import { seatOf, type Runner } from './runner.ts';

/** Something that runs pm2 at boot, and whose daemon that starts is not known. */
export interface UnclearStart {
  /** `apps.service`, `/etc/rc.local:3` */
  name: string;
  file: string;
  enabled: boolean;
  /** As whom it runs at least at first; null: unknown. */
  account: Account | null;
  why: string;
}

/** The daemon that the words of ExecStart= start, if they name another user or PM2_HOME than the unit. */
export interface StartedSeat {
  account: Account;
  pm2Home: Pm2Home;
  /** It is in the control group of a session, and not in the unit's (pam_systemd(8)). */
  inSession: boolean;
}

/**
 * @param words of ExecStart=
 * @param env of the unit
 * @param runner as which systemd runs them
 */
export function startOfUnit(words: readonly string[], env: Readonly<Record<string, string>>, runner: Runner): Pm2Start {
  return pm2StartOf(
    words.map((word) => expanded(word, env, runner)),
    runner,
  );
}

/** Null: the seat is as User= and Environment= say. */
export function startedSeat(start: Pm2Start, runner: Runner): StartedSeat | 'unclear' | null {
  if (start === null || start === 'unclear') return start;
  const keys = ['user', 'pm2Home', 'homeDirectory'] as const;
  if (!start.inSession && keys.every((key) => start[key] === runner[key])) return null;
  const seat = seatOf(start);
  return seat === null ? 'unclear' : { ...seat, inSession: start.inSession };
}

/**
 * systemd's own expansion (systemd.service(5), COMMAND LINES). It leaves `$NAME` in a longer word to the shell, which
 * has the same value unless it sets the variable. An unknown variable stays as it is written.
 */
function expanded(word: string, env: Readonly<Record<string, string>>, { user, homeDirectory }: Runner): string {
  const known: Record<string, string | null> = { HOME: homeDirectory, USER: user, LOGNAME: user, ...env };
  return word.replace(/\$\$|\$\{(\w+)\}|\$(\w+)/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return '$';
    const isSetByShell = bare !== undefined && new RegExp(`\\b${bare}=`).test(word);
    return (Object.hasOwn(known, name) && !isSetByShell ? known[name] : null) ?? whole;
  });
}
