import { resolve } from 'node:path';
import { workingDirectory } from '../call/caller-of.ts';
import type { Typed } from '../guard/explain.ts';
import { accountByName, accountByUid, type Account } from '../identity/accounts.ts';
import { asUid, type Uid } from '../runtime/brands.ts';
import { UserError } from '../terminal/user-error.ts';
import { parseSudo } from './command-line.ts';
import { freshLogin, payloadEnvironment, sudoEnvironment } from './environment.ts';
import { otherEnvironment, readOtherWay, type OtherWay } from './other-ways.ts';
import { payloadOf } from './payload.ts';

/** Reads a command line for `explain`. `asUser` null: this process's user. @throws UserError for any other line */
export function readTyped(
  words: readonly string[],
  asUser: string | null,
  self: { euid: Uid; env: NodeJS.ProcessEnv },
): Typed {
  const caller = asUser === null ? null : accountNamed(asUser);
  const uid = caller?.uid ?? self.euid;
  const env = caller === null ? { ...self.env } : freshLogin(caller);
  const rest = [...words];
  for (let found = assignment(rest[0]); found; found = assignment(rest[0])) {
    env[found.name] = found.value;
    rest.shift();
  }
  const other = readOtherWay(rest);
  if (other !== null) return throughOther(other, uid);
  return rest[0] === 'sudo' || rest[0]?.endsWith('/sudo') === true
    ? throughSudo(rest.slice(1), uid, env)
    : pm2In(rest, uid, env);
}

function throughSudo(words: readonly string[], uid: Uid, env: NodeJS.ProcessEnv): Typed {
  const call = parseSudo(words);
  if (call.type === 'not ours')
    throw new UserError(
      `explain does not look through this sudo (${call.why}): type the command as that user would, with --as`,
    );
  const target = call.user === null && call.group !== null ? accountByUid(uid) : accountNamed(call.user ?? 'root');
  if (target === null) throw new UserError(`there is no account of uid ${uid} on this host`, 'getent passwd');
  if (call.options.some(({ letter }) => letter === 'R'))
    throw new UserError(
      'explain does not look through this sudo (-R): the command would run in another root directory',
    );
  const login = { uid, name: accountByUid(uid)?.name ?? String(uid) };
  const chosen = call.options.find(({ letter }) => letter === 'D')?.value ?? null;
  const directory = chosen !== null ? { path: chosen } : call.shell === 'login' ? 'home directory' : 'same';
  const cwd = directoryOf(directory, target);
  const environment = { ...sudoEnvironment(call, env, login, target), SUDO_COMMAND: call.words.join(' ') };
  return { ...pm2In(call.words, target.uid, environment), cwd };
}

function directoryOf(directory: OtherWay['directory'], { homeDirectory }: Account): string | null {
  if (directory === 'same') return workingDirectory();
  if (directory === 'home directory') return homeDirectory;
  return resolve(workingDirectory() ?? '/', directory.path.replace(/^~(?=\/|$)/, homeDirectory));
}

function throughOther(way: OtherWay, uid: Uid): Typed {
  const target = accountNamed(way.user ?? 'root');
  const login = { uid, name: accountByUid(uid)?.name ?? String(uid) };
  const typed = pm2In(way.words, target.uid, otherEnvironment(way, login, target));
  return { ...typed, cwd: directoryOf(way.directory, target) };
}

function pm2In(words: readonly string[], uid: Uid, env: NodeJS.ProcessEnv): Typed {
  const payload = payloadOf(words);
  if (payload === null) {
    throw new UserError(
      `explain takes a pm2 command line, not ${words[0] === undefined ? 'nothing' : `"${words[0]}"`}`,
      'pm2-guard explain -- sudo pm2 restart myapp',
    );
  }
  return { uid, env: payloadEnvironment(payload, env), argv: payload.argv, cwd: workingDirectory() };
}

function assignment(word: string | undefined): { name: string; value: string } | null {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '') ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}

function accountNamed(name: string): Account {
  const account = targetAccount(name);
  if (!account) throw new UserError(`there is no user ${name} on this host`, 'getent passwd');
  return account;
}

/** The account for sudo's -u: `www-data` or `#33`. */
export function targetAccount(name: string): Account | null {
  if (!name.startsWith('#')) return accountByName(name);
  return /^#\d{1,10}$/.test(name) ? accountByUid(asUid(Number(name.slice(1)))) : null;
}
