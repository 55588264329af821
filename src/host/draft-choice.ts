import { join } from 'node:path';
import { userInfo } from 'node:os';
import { accountByName, groupByName, type Account } from '../identity/accounts.ts';
import { pm2HomeFault } from '../policy/pm2-home-fault.ts';
import { statOf } from '../runtime/peek.ts';
import { isText } from './app-paths.ts';
import type { FoundDaemon } from './survey.ts';
import { wordOfUnit } from './units.ts';

/** A daemon under the name that the draft gives to it. */
export interface DraftEntry extends FoundDaemon {
  name: string;
  user: string;
}

/**
 * The daemons that a draft declares: those that are in use, each as its own user's; else the likeliest one. A daemon of
 * root's is left out where others can change its PM2_HOME: the config would be refused (src/policy/resolve.ts).
 */
export function declaredByDraft(found: readonly FoundDaemon[]): DraftEntry[] {
  const known = found
    .filter(({ user, home }) => user !== null && DECLARABLE.test(user) && accountByName(user) !== null && isText(home))
    .filter((daemon) => faultOfRoots(daemon) === null)
    .map((daemon) => ({
      ...daemon,
      apps: daemon.apps.filter(({ name }) => isText(name) && name.length <= LONGEST_NAME),
    }));
  const declared = named(known.filter((daemon) => isMeant(daemon, found)));
  return declared.length > 0 ? declared : named([likeliest(known)]);
}

/** Why a daemon of root's cannot be declared, as a sentence; null: it can, or it is another user's. */
export function faultOfRoots({ user, home }: FoundDaemon): string | null {
  return user !== null && accountByName(user)?.uid === 0 ? pm2HomeFault(home) : null;
}

/** What the config takes for a login name (src/policy/schema.ts). */
const DECLARABLE = /^[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?$/;
/** Longer names are matched by no glob (src/policy/globs.ts), and people do not type them. */
const LONGEST_NAME = 256;

/** A daemon that is in use, not only a home where pm2 was once typed. */
function isMeant({ live, unit, apps }: FoundDaemon, found: readonly FoundDaemon[]): boolean {
  if (unit?.enabled) return true;
  if (apps.length === 0) return false;
  // Not running, and all it saved lives elsewhere by now: what a stray leaves behind (T24).
  return (
    live !== null ||
    apps.some((app) => !found.some((other) => other.live && other.apps.some(({ name }) => name === app.name)))
  );
}

/** The web server's user, in the packages of Debian: in /etc/passwd, which is root's word. */
const WEB_SERVER = 'www-data';

/** Where nothing is in use: the web server's user, root. Not a user who has made a PM2_HOME: anyone can. */
function likeliest(known: readonly FoundDaemon[]): FoundDaemon {
  const user =
    [WEB_SERVER, 'root', userInfo().username].find((candidate) => accountByName(candidate) !== null) ?? 'root';
  const home = join(accountByName(user)?.home ?? '/root', '.pm2');
  return (
    known.find((daemon) => daemon.user === user && daemon.home === home) ?? {
      user,
      home,
      live: null,
      failure: null,
      apps: [],
      source: null,
      unit: null,
    }
  );
}

/**
 * The default of the draft: where root's calls go that name no known app, such as the start of a new one. So it follows
 * from root's word alone, never from what runs: any user can start a daemon with many apps, or be the only one who has
 * a daemon, a minute before the install. In order:
 *
 * 1. The daemons that a system unit starts at boot, if there are any: the only one, or the web server's.
 * 2. The web server's daemon. The draft would name it as well if nothing ran.
 * 3. The only daemon, if its user is root, a service account or an administrator: no ordinary user can run something as
 * these.
 *
 * @returns null: root's word does not say; the config can do without
 */
export function defaultOf(entries: readonly DraftEntry[]): DraftEntry | null {
  const booted = entries.filter(({ unit }) => unit?.enabled === true && wordOfUnit(unit).by === 'root');
  const web = (booted.length > 0 ? booted : entries).find(
    ({ user, home }) => user === WEB_SERVER && home === join(accountByName(user)?.home ?? '/', '.pm2'),
  );
  if (booted.length > 0) return booted.length === 1 ? (booted[0] ?? null) : (web ?? null);
  const [only] = entries;
  return web ?? (entries.length === 1 && only !== undefined && isMadeByRoot(accountByName(only.user)) ? only : null);
}

/** UID_MIN of login.defs(5), as Debian and Red Hat ship it. */
const FIRST_PERSON = 1000;

/** An account that no ordinary user can run a process as: a service's, or of a user who may become root. */
function isMadeByRoot(account: Account | null): boolean {
  return (
    account !== null &&
    (account.uid < FIRST_PERSON ||
      ['sudo', 'wheel', 'admin'].some((group) => groupByName(group)?.members.includes(account.name) === true))
  );
}

/**
 * Whether a daemon may have a directory among its paths: what is started below would go to it. A directory of another
 * user's is not its own, and one of root's only where an ordinary user does not decide.
 */
export function mayClaim(path: string, { user, unit }: DraftEntry): boolean {
  const owner = statOf(path)?.uid ?? null;
  const account = accountByName(user);
  if (owner === null || owner === account?.uid) return true;
  return owner === 0 && ((unit !== null && wordOfUnit(unit).by === 'root') || isMadeByRoot(account));
}

/** Names for them: `web` for the web server's user, else the user's own; a second home of a user is counted. */
function named(daemons: readonly FoundDaemon[]): DraftEntry[] {
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
