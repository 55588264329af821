import { defaultPm2Home } from '../../pm2/home.ts';
import { join } from 'node:path';
import { accountByName, accountByUid, type Account } from '../../identity/accounts.ts';
import { asPm2Home, asUid, type Pm2Home } from '../../runtime/brands.ts';
import { isDirectory } from '../../runtime/peek.ts';

/** As whom, and with which variables, a command line runs. */
export interface Runner {
  /** A name or a number. */
  user: string;
  pm2Home: string | null;
  /** HOME; null: not set. */
  homeDirectory: string | null;
  /** su and `runuser -l` open a PAM session: what they start is in a control group of the user's session. */
  inSession: boolean;
}

/** With HOME missing, PM2 5 and 6 use it (T15). */
export const HOMELESS = asPm2Home('/etc/.pm2');

/** The user's account, and the PM2_HOME. Null: not known here. */
export function seatOf({ user, pm2Home, homeDirectory }: Runner): { account: Account; pm2Home: Pm2Home } | null {
  const account = accountOf(user);
  if (account === null) return null;
  if (pm2Home !== null && pm2Home !== '')
    return pm2Home.startsWith('/') ? { account, pm2Home: asPm2Home(pm2Home) } : null;
  if (homeDirectory !== null) return { account, pm2Home: defaultPm2Home(join('/', homeDirectory)) };
  if (!isDirectory(HOMELESS)) return { account, pm2Home: defaultPm2Home(account.homeDirectory) };
  return account.uid === 0 ? { account, pm2Home: HOMELESS } : null;
}

/** User= and sudo take numbers, too. */
export function accountOf(user: string): Account | null {
  return accountByName(user) ?? (/^\d+$/.test(user) ? accountByUid(asUid(Number(user))) : null);
}

/** As a command, by its name or by its path. */
export function mentionsPm2(text: string): boolean {
  return /(^|[^\w.-])pm2(-runtime|-docker)?(?![\w./-])/.test(text);
}
