import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localAccounts } from '../identity/accounts.ts';
import { replaceFile } from '../trust/write.ts';
import { SHIM } from './line.ts';
import { askIsAllowed } from './listing.ts';
import { identitiesOf, namesIn, stateOfSudoers, STRANGERS_FILE, type Strangers } from './strangers.ts';

/** One question takes 5 to 10 ms. On a host with more users, sudo is asked at each call. */
const MOST_QUESTIONS = 400;
const AT_ONCE = 4;
const RULES = '/etc/sudoers.d';
/** A netgroup, a group of another plugin, and dates (sudoers(5)). */
const UNNOTICED = /^[^#]*(?:(?:^|[\s,=!(])\+\w|%:|\bgroup_plugin\b|\bNOT(?:BEFORE|AFTER)=)/m;

/**
 * Records which users may run nothing as the daemons' users (strangers.ts). No list if the rules depend on what may
 * change unnoticed: a directory server, other files, the time.
 */
export async function renewStrangers(owners: readonly string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const text = await strangersOfHost([...new Set(owners)].sort());
  try {
    if (text === null) rmSync(STRANGERS_FILE, { force: true });
    else if (!existsSync(STRANGERS_FILE) || readFileSync(STRANGERS_FILE, 'utf8') !== text)
      replaceFile(STRANGERS_FILE, text, 0o644);
  } catch {
    // ENOSPC, EROFS: an old list holds only as long as sudoers is the same; without one, sudo is asked
  }
}

async function strangersOfHost(owners: readonly string[]): Promise<string | null> {
  const state = stateOfSudoers();
  const accounts = localAccounts();
  if (state === null || comesFromElsewhere()) return null;
  if (accounts.length * owners.length > MOST_QUESTIONS) return null;
  const questions = owners.flatMap((as) =>
    accounts.filter(({ uid }) => uid !== 0).map(({ name }) => ({ as, name, identity: identitiesOf(name, as) })),
  );
  const asked = [...questions];
  // If sudo refuses root, its other answers are not reliable.
  for (const as of owners) if ((await askIsAllowed('root', as, SHIM)) !== true) return null;
  const users: Strangers['users'] = {};
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = questions.shift(); next !== undefined; next = questions.shift()) {
        const { as, name, identity } = next;
        if (identity !== null && (await askIsAllowed(name, as, SHIM)) === false) (users[as] ??= {})[name] = identity;
      }
    }),
  );
  const changed = asked.some(({ as, name, identity }) => identitiesOf(name, as) !== identity);
  if (changed || stateOfSudoers() !== state) return null;
  const strangers: Strangers = { state, users: {} };
  for (const [as, names] of Object.entries(users)) strangers.users[as] = inOrder(names);
  return `${JSON.stringify(strangers)}\n`;
}

/** The same text each time, in whatever order the users were asked. */
function inOrder(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function comesFromElsewhere(): boolean {
  const services = textOf('/etc/nsswitch.conf').match(/^\s*(sudoers|group|passwd)\s*:.*\b(sss|ldap|nis|winbind)\b/m);
  const rules = ['/etc/sudoers', '/etc/sudoers-rs', ...namesIn(RULES).map((name) => join(RULES, name))]
    .map(textOf)
    .join('\n');
  const includes = [...rules.matchAll(/^\s*[@#]include(?:dir)?\s+(\S+)/gm)].map(([, path]) => path);
  return services !== null || includes.some((path) => path !== RULES) || UNNOTICED.test(rules);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
