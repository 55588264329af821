import { accountByName, accountByUid, type Account } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { UserError } from '../terminal/user-error.ts';

/** A command line as somebody would type it, for `explain`: who ends up calling pm2, in which environment, with which words. */
export interface Typed {
  uid: number;
  env: NodeJS.ProcessEnv;
  argv: string[];
}

/** Options of sudo that take no value and change nothing that decides where pm2 lands. */
const HARMLESS = new Set(['-n', '--non-interactive', '-k', '-S', '--stdin', '-b', '--background']);

/**
 * Reads `[VAR=value...] [sudo [options] [VAR=value...]] pm2 words...`.
 *
 * @param asUser the account that types it; null: this very caller, with this environment
 * @throws UserError for what is no such line
 */
export function readTyped(words: readonly string[], asUser: string | null, self: { euid: number; env: NodeJS.ProcessEnv }): Typed {
  const rest = [...words];
  let { uid, env } = asUser === null ? { uid: self.euid, env: { ...self.env } } : freshLogin(accountNamed(asUser));
  takeAssignments(rest, env);
  if (baseName(rest[0]) === 'env') {
    rest.shift();
    takeAssignments(rest, env);
  }
  if (baseName(rest[0]) === 'sudo') {
    rest.shift();
    ({ uid, env } = throughSudo(rest, uid, env));
    if (baseName(rest[0]) === 'env') {
      rest.shift();
      takeAssignments(rest, env);
    }
  }
  if (baseName(rest[0]) !== 'pm2') {
    throw new UserError(`explain takes a pm2 command line, not ${rest[0] === undefined ? 'nothing' : `"${rest[0]}"`}`, 'pm2-guard explain -- sudo pm2 restart myapp');
  }
  return { uid, env, argv: rest.slice(1) };
}

/** sudo as Debian ships it: env_reset, the target's HOME. */
function throughSudo(rest: string[], uid: number, env: NodeJS.ProcessEnv): { uid: number; env: NodeJS.ProcessEnv } {
  let target = 'root';
  let keep = false;
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const option = rest.shift() ?? '';
    if (option === '--') break;
    const [, user] = /^(?:-u|--user=)(.+)$/.exec(option) ?? [];
    if (option === '-u' || option === '--user') target = rest.shift() ?? '';
    else if (user !== undefined) target = user;
    else if (option === '-E' || option === '--preserve-env') keep = true;
    else if (option !== '-H' && option !== '--set-home' && !HARMLESS.has(option)) {
      throw new UserError(`explain does not look through sudo's ${option}: type the command as that user would, with --as`);
    }
  }
  const login = accountByUid(uid);
  const account = accountNamed(target);
  const fresh = freshLogin(account).env;
  const next = { ...(keep ? { ...env, USER: account.name, LOGNAME: account.name } : fresh), SUDO_USER: login?.name ?? String(uid), SUDO_UID: String(uid) };
  takeAssignments(rest, next);
  return { uid: account.uid, env: next };
}

function freshLogin(account: Account): { uid: number; env: NodeJS.ProcessEnv } {
  return { uid: account.uid, env: { HOME: account.home, USER: account.name, LOGNAME: account.name, SHELL: account.shell, PATH: SYSTEM_PATH } };
}

function takeAssignments(rest: string[], env: NodeJS.ProcessEnv): void {
  for (let found = assignment(rest[0]); found; found = assignment(rest[0])) {
    env[found.name] = found.value;
    rest.shift();
  }
}

function assignment(word: string | undefined): { name: string; value: string } | null {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '') ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}

function accountNamed(name: string): Account {
  const account = name.startsWith('#') ? accountByUid(Number(name.slice(1))) : accountByName(name);
  if (!account) throw new UserError(`there is no user ${name} on this host`, 'getent passwd');
  return account;
}

function baseName(word: string | undefined): string | undefined {
  return word?.slice(word.lastIndexOf('/') + 1);
}
