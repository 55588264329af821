import { defaultPm2Home } from '../../pm2/home.ts';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { accountByName, groupByName, type Account } from '../../identity/accounts.ts';
import { pm2HomeFault } from '../../policy/pm2-home-fault.ts';
import { statOf } from '../../runtime/peek.ts';
import { isText } from './app-paths.ts';
import { withinBounds, type BoundedDaemon } from './bounds.ts';
import type { FoundDaemon } from '../survey.ts';
import { wordOfUnit } from '../boot/units.ts';

export interface DraftEntry extends BoundedDaemon {
  name: string;
  user: string;
}

/** The daemons in use, else the likeliest. Without those that the config refuses (src/policy/resolve.ts). */
export function declaredByDraft(found: readonly FoundDaemon[]): DraftEntry[] {
  const known = found
    .filter(
      ({ user, pm2Home }) => user !== null && DECLARABLE.test(user) && accountByName(user) !== null && isText(pm2Home),
    )
    .filter((daemon) => faultOfRootDaemon(daemon) === null)
    .map((daemon) => ({
      ...daemon,
      apps: daemon.apps.filter(({ name }) => isText(name) && name.length <= LONGEST_NAME),
    }));
  const declared = named(withinBounds(known.filter((daemon) => isMeant(daemon, found))));
  return declared.length > 0 ? declared : named(withinBounds([likeliest(known)]));
}

/** Why a daemon of root cannot be declared; null: it can, or it is another user's. */
export function faultOfRootDaemon({ user, pm2Home }: FoundDaemon): string | null {
  return user !== null && accountByName(user)?.uid === 0 ? pm2HomeFault(pm2Home) : null;
}

/** Login names that the config accepts (src/policy/schema.ts). */
const DECLARABLE = /^[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?$/;
/** Globs match no longer name (src/policy/globs.ts). */
const LONGEST_NAME = 256;

/** Whether a daemon is in use. */
function isMeant({ live, unit, apps }: FoundDaemon, found: readonly FoundDaemon[]): boolean {
  if (unit?.enabled) return true;
  if (apps.length === 0) return false;
  // A stopped daemon whose saved apps all run elsewhere is left over from a stray (T24).
  return (
    live !== null ||
    apps.some((app) => !found.some((other) => other.live && other.apps.some(({ name }) => name === app.name)))
  );
}

/** Debian's web server user, from root's /etc/passwd. */
const WEB_SERVER = 'www-data';

/** The existing PM2_HOMEs do not decide, because any user can make one. */
function likeliest(known: readonly FoundDaemon[]): FoundDaemon {
  const user =
    [WEB_SERVER, 'root', userInfo().username].find((candidate) => accountByName(candidate) !== null) ?? 'root';
  const pm2Home = defaultPm2Home(accountByName(user)?.homeDirectory ?? '/root');
  return (
    known.find((daemon) => daemon.user === user && daemon.pm2Home === pm2Home) ?? {
      user,
      pm2Home,
      live: null,
      failure: null,
      apps: [],
      source: null,
      unit: null,
    }
  );
}

/**
 * Default daemon of the draft, for root's calls without a known app. Only facts from root decide, because any user
 * can start a daemon before the install. In order:
 * 1. The daemon of a system unit: the only one, or the web server's.
 * 2. The web server's daemon.
 * 3. The only daemon, if its user is root, a service account or an administrator.
 * @returns null: these do not decide
 */
export function defaultOf(entries: readonly DraftEntry[]): DraftEntry | null {
  const booted = entries.filter(({ unit }) => unit?.enabled === true && wordOfUnit(unit).by === 'root');
  const web = (booted.length > 0 ? booted : entries).find(
    ({ user, pm2Home }) => user === WEB_SERVER && pm2Home === join(accountByName(user)?.homeDirectory ?? '/', '.pm2'),
  );
  if (booted.length > 0) return booted.length === 1 ? (booted[0] ?? null) : (web ?? null);
  const [only] = entries;
  return web ?? (entries.length === 1 && only !== undefined && isMadeByRoot(accountByName(only.user)) ? only : null);
}

/** UID_MIN of login.defs(5) on Debian and Red Hat. */
const FIRST_PERSON = 1000;

/** Whether ordinary users cannot run a process as this account. */
function isMadeByRoot(account: Account | null): boolean {
  return (
    account !== null &&
    (account.uid < FIRST_PERSON ||
      ['sudo', 'wheel', 'admin'].some((group) => groupByName(group)?.members.includes(account.name) === true))
  );
}

/**
 * Whether the config may give a directory to this daemon: calls in it then go there. A directory of another user is
 * refused. One of root, and one that does not exist yet, is allowed only where no ordinary user decides what runs.
 */
export function mayClaim(path: string, entry: DraftEntry): boolean {
  const owner = statOf(path)?.uid ?? null;
  if (owner !== null && owner === accountByName(entry.user)?.uid) return true;
  return (owner === 0 || owner === null) && isRootsWord(entry);
}

/**
 * Whether root has decided what the daemon runs: by a unit, or because no ordinary user can act as its account. The
 * draft makes rules for app names only then: a rule also draws what root starts by that name.
 */
export function isRootsWord({ user, unit }: FoundDaemon): boolean {
  return (unit !== null && wordOfUnit(unit).by === 'root') || (user !== null && isMadeByRoot(accountByName(user)));
}

/** `web` for the web server's user, else the user's name, with a number for a second PM2_HOME. */
function named(daemons: readonly BoundedDaemon[]): DraftEntry[] {
  const taken = new Set<string>();
  return daemons.map((daemon) => {
    const user = daemon.user ?? 'root';
    const letters = user
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .replace(/^(constructor|prototype)$/, '$1-');
    const plain = user === WEB_SERVER ? 'web' : letters || 'daemon';
    let name = plain;
    for (let count = 2; taken.has(name); count += 1) name = `${plain}-${count}`;
    taken.add(name);
    return { ...daemon, user, name };
  });
}
