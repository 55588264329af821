import { existsSync, readFileSync, rmSync } from 'node:fs';
import { localAccounts } from '../identity/accounts.ts';
import { replaceFile } from '../trust/write.ts';
import { SHIM } from './line.ts';
import { askIsAllowed } from './listing.ts';
import { stateOfSudoers, STRANGERS_FILE, type Strangers } from './strangers.ts';

/** One question takes 5 to 10 ms. On a host with more users, sudo is asked at each call. */
const MOST_QUESTIONS = 400;
const AT_ONCE = 4;

/**
 * Records which users may run nothing as the daemons' users (strangers.ts). No list if rules or groups come from a
 * directory server or other files, whose changes would stay unnoticed.
 */
export async function renewStrangers(owners: readonly string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const text = await strangersOfHost([...new Set(owners)].sort());
  if (text === null) rmSync(STRANGERS_FILE, { force: true });
  else if (!existsSync(STRANGERS_FILE) || readFileSync(STRANGERS_FILE, 'utf8') !== text)
    replaceFile(STRANGERS_FILE, text, 0o644);
}

async function strangersOfHost(owners: readonly string[]): Promise<string | null> {
  const state = stateOfSudoers();
  const accounts = localAccounts();
  if (state === null || comesFromElsewhere()) return null;
  if (accounts.length * owners.length > MOST_QUESTIONS) return null;
  const questions = owners.flatMap((as) => accounts.filter(({ uid }) => uid !== 0).map(({ name }) => ({ as, name })));
  // If sudo refuses root, its other answers are not reliable.
  for (const as of owners) if ((await askIsAllowed('root', as, SHIM)) !== true) return null;
  const users: Strangers['users'] = {};
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = questions.shift(); next !== undefined; next = questions.shift()) {
        if ((await askIsAllowed(next.name, next.as, SHIM)) === false) (users[next.as] ??= []).push(next.name);
      }
    }),
  );
  for (const names of Object.values(users)) names.sort();
  return stateOfSudoers() === state ? `${JSON.stringify({ state, users } satisfies Strangers)}\n` : null;
}

function comesFromElsewhere(): boolean {
  const services = textOf('/etc/nsswitch.conf').match(/^\s*(sudoers|group|passwd)\s*:.*\b(sss|ldap|nis|winbind)\b/m);
  const files = ['/etc/sudoers', '/etc/sudoers-rs'].map(textOf).join('\n');
  const includes = [...files.matchAll(/^\s*[@#]include(?:dir)?\s+(\S+)/gm)].map(([, path]) => path);
  return services !== null || includes.some((path) => path !== '/etc/sudoers.d');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
