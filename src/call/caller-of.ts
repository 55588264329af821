import { resolve } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { personOf, hasDoasOrPkexec, type Person } from '../identity/caller.ts';
import { loginUser } from '../identity/login-user.ts';
import { PATH_OVERRIDES, resolvePm2Home, rpcSocket } from '../pm2/home.ts';
import type { Invocation, Major } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Pm2Home, Uid } from '../runtime/brands.ts';
import { ownerOf, realpathOrSelf } from '../runtime/peek.ts';
import type { Caller } from '../verdict/caller.ts';

/** null: the directory was deleted (getcwd(3) ENOENT), or is not known. */
export function workingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

/** A PM2_HOME that is the same directory as a declared one gets the declared path. */
export function callerOf(
  env: NodeJS.ProcessEnv,
  euid: Uid,
  major: Major,
  cwd: string | null,
  policy: Pick<Policy, 'daemons'>,
): Caller {
  const person = personOf(
    euid,
    accountByUid(euid),
    env,
    env === process.env && (euid === 0 || hasDoasOrPkexec(env)) ? (loginUser()?.name ?? null) : null,
  );
  return callerFrom(person, env, major, cwd, policy);
}

/** For a known person: lint knows the user of a line from its file. */
export function callerFrom(
  person: Person,
  env: NodeJS.ProcessEnv,
  major: Major,
  cwd: string | null,
  policy: Pick<Policy, 'daemons'>,
): Caller {
  const pm2Home = resolvePm2Home(env, { major, homeDirectory: person.homeDirectory, cwd: cwd ?? '/' });
  const unset = (name: string) => env[name] === undefined || env[name] === '';
  const moved = unset('PM2_DAEMON_RPC_PORT') ? null : resolve(cwd ?? '/', env['PM2_DAEMON_RPC_PORT'] ?? '');
  const declared = asDeclared(pm2Home, policy);
  return {
    ...person,
    pm2Home: declared,
    socket: moved ?? rpcSocket(declared),
    socketMoved: (moved !== null && moved !== rpcSocket(declared)) || !unset('PM2_DAEMON_PUB_PORT'),
    naming: namingIn(env),
    bypass: env['PM2_GUARD'] === 'off',
    pm2HomeChosen: !unset('PM2_HOME') || !unset('OVER_HOME') || isOtherHome(env['HOME'] ?? '', person, cwd),
    overrides: PATH_OVERRIDES.filter((name) => !unset(name)),
    cwd,
  };
}

/** A final slash makes no other directory. */
function isOtherHome(variable: string, { homeDirectory }: Person, cwd: string | null): boolean {
  if (variable === '') return false;
  return homeDirectory === null || resolve(cwd ?? '/', variable) !== resolve('/', homeDirectory);
}

function namingIn(env: NodeJS.ProcessEnv): Record<string, string> {
  const named: Record<string, string> = {};
  for (const name of ['name', 'namespace']) if (env[name] !== undefined) named[name] = env[name];
  return named;
}

function asDeclared(pm2Home: Pm2Home, policy: Pick<Policy, 'daemons'>): Pm2Home {
  if (policy.daemons.some((daemon) => daemon.pm2Home === pm2Home)) return pm2Home;
  const real = realpathOrSelf(pm2Home);
  return policy.daemons.find((daemon) => leadsTo(daemon, real))?.pm2Home ?? pm2Home;
}

/** A daemon's user can replace the PM2_HOME with a symlink to another user's. */
function leadsTo({ pm2Home, uid }: Daemon, real: string): boolean {
  return realpathOrSelf(pm2Home) === real && ownerOf(real) === uid;
}

/** Resolved paths, where they differ from the typed ones. */
export function realpathsOf(invocation: Invocation): Map<string, string> {
  const paths = invocation.starts.flatMap((start) => [start.script, start.cwd]);
  for (const target of invocation.targets)
    if (target.kind === 'name' || target.kind === 'file') paths.push(target.path);
  const found = new Map<string, string>();
  for (const path of paths) {
    if (path === null || found.has(path)) continue;
    const real = realpathOrSelf(path);
    if (real !== path) found.set(path, real);
  }
  return found;
}
