import { accountByName } from '../../identity/accounts.ts';
import { defaultPm2Home } from '../../pm2/home.ts';
import { wordOfUnit } from '../boot/units.ts';
import type { FoundDaemon } from '../survey.ts';

/** Each declared daemon costs time in root's calls, and a user can run any number of them. */
const MOST_DAEMONS = 10;
/**
 * Characters of all apps; in a draft each takes up to six bytes. A config has up to 4 MiB (src/policy/read-config.ts),
 * and one saved list up to 50.
 */
const MOST_OF_APPS = 1 << 19;
/** Lines about daemons that are not declared. */
const MOST_MENTIONED = 20;

export interface BoundedDaemon extends FoundDaemon {
  /** Number of apps that are left out because they are too many or too long for a config; 0: none. */
  unlisted: number;
}

/** Without daemons and apps that would make the draft unusable. Those with the shortest lists keep their apps. */
export function withinBounds(found: readonly FoundDaemon[]): BoundedDaemon[] {
  const kept = firstOfEachUser(found, MOST_DAEMONS);
  let left = MOST_OF_APPS;
  const listed = new Set<FoundDaemon>();
  for (const daemon of [...kept].sort((a, b) => lengthOf(a) - lengthOf(b))) {
    left -= lengthOf(daemon);
    if (left >= 0) listed.add(daemon);
  }
  return kept.map((daemon) =>
    listed.has(daemon) ? { ...daemon, unlisted: 0 } : { ...daemon, apps: [], unlisted: daemon.apps.length },
  );
}

/** Daemons to mention in a comment, and who has more of them. */
export function mentioned(found: readonly FoundDaemon[]): { daemons: FoundDaemon[]; more: string[] } {
  const daemons = firstOfEachUser(found, MOST_MENTIONED);
  const users = new Set(found.filter((one) => !daemons.includes(one)).map(({ user }) => user ?? 'no account'));
  return { daemons, more: [...users].sort() };
}

/** Those of root and of root's units, and up to `most` of each other user. */
function firstOfEachUser(found: readonly FoundDaemon[], most: number): FoundDaemon[] {
  const counts = new Map<string | null, number>();
  const first = new Set<FoundDaemon>();
  for (const daemon of found.filter(isOfUser).sort(usualFirst)) {
    const count = counts.get(daemon.user) ?? 0;
    if (count < most) first.add(daemon);
    counts.set(daemon.user, count + 1);
  }
  return found.filter((daemon) => !isOfUser(daemon) || first.has(daemon));
}

function isOfUser({ user, unit }: FoundDaemon): boolean {
  return user !== 'root' && (unit === null || wordOfUnit(unit).by !== 'root');
}

function usualFirst(a: FoundDaemon, b: FoundDaemon): number {
  return Number(isUsual(b)) - Number(isUsual(a));
}

/** In ~/.pm2. */
function isUsual({ user, pm2Home }: FoundDaemon): boolean {
  const account = user === null ? null : accountByName(user);
  return account !== null && defaultPm2Home(account.homeDirectory) === pm2Home;
}

/** In characters, with escapes. */
function lengthOf({ apps }: FoundDaemon): number {
  return JSON.stringify(apps).length;
}
