import { resolve } from 'node:path';
import { interpret } from '../../src/pm2/interpret.ts';
import { PATH_OVERRIDES, resolvePm2Home } from '../../src/pm2/home.ts';
import type { Major } from '../../src/pm2/invocation.ts';
import { people } from './people.ts';
import { policyFrom } from './policies.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { asUid } from '../../src/runtime/brands.ts';
import type { Caller } from '../../src/verdict/caller.ts';
import { decide } from '../../src/verdict/decide.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import type { Evidence, More, OwnDaemon, Verdict } from '../../src/verdict/verdict.ts';

/**
 * A caller as a row writes it: `root`, `deploy>root` (deploy typed sudo), `www-data PM2_HOME=/x HOME=/y`, `deploy
 * @/srv/app` (cwd).
 */
export function callerFrom(text: string, major: Major = 7): { caller: Caller; env: NodeJS.ProcessEnv } {
  const [who = '', ...rest] = text.split(' ');
  const [first = '', second] = who.split('>');
  const user = second ?? first;
  const [uid, homeDirectory] = people[user] ?? [4242, '/nonexistent'];
  const env: NodeJS.ProcessEnv = { HOME: homeDirectory, USER: user, PATH: '/usr/bin' };
  if (second !== undefined) Object.assign(env, { SUDO_USER: first, SUDO_UID: String(people[first]?.[0] ?? 1) });
  let cwd = '/';
  for (const word of rest) {
    const [name = '', value = ''] = word.split(/=(.*)/s);
    if (word.startsWith('@')) cwd = word.slice(1);
    else if (word.startsWith('-')) Reflect.deleteProperty(env, word.slice(1));
    else env[name] = value;
  }
  const caller: Caller = {
    uid: asUid(uid),
    user,
    homeDirectory,
    cwd,
    login: second === undefined ? null : first,
    rootBySudo: uid === 0 && second !== undefined,
    pm2Home: resolvePm2Home(env, { major, homeDirectory, cwd }),
    pm2HomeChosen:
      Boolean(env['PM2_HOME']) || Boolean(env['OVER_HOME']) || (Boolean(env['HOME']) && env['HOME'] !== homeDirectory),
    overrides: PATH_OVERRIDES.filter((name) => Boolean(env[name])),
    socket: env['PM2_DAEMON_RPC_PORT'] ?? '',
    socketMoved: env['PM2_DAEMON_RPC_PORT'] !== undefined,
    bypass: env['PM2_GUARD'] === 'off',
    naming: Object.fromEntries(
      ['name', 'namespace'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
    ),
  };
  return { caller, env };
}

export function decided(policy: Policy, who: string, line: string, evidence: Partial<Evidence> = {}): Verdict | More {
  const { caller, env } = callerFrom(who);
  const invocation = interpret(line === '' ? [] : line.split(' '), { major: 7, env, cwd: resolve(caller.cwd ?? '/') });
  return decide(invocation, caller, policy, { realpaths: new Map(), ...evidence });
}

/** A verdict in a few words: `pass web`, `rewrite web`, `block PG103`, `more sights`. */
export function inWords(verdict: Verdict | More): string {
  switch (verdict.type) {
    case 'pass':
      return ['pass', verdict.daemon?.name ?? verdict.code].join(' ');
    case 'rewrite':
      return ['rewrite', verdict.daemon.name].join(' ');
    case 'block':
      return ['block', verdict.code].join(' ');
    case 'more':
      return `more ${verdict.wants}`;
  }
}

/** The commands a block shows, as shown. */
export function advice(verdict: Verdict | More): string[] {
  if (verdict.type !== 'block') return [];
  return verdict.advice
    .flatMap((one) => {
      switch (one.label) {
        case 'run':
        case 'bypass':
          return [one.command];
        case 'run all':
          return one.commands.map(({ command }) => command);
        case 'choose':
          return one.choices.flatMap(({ command }) => command ?? []).length === 0
            ? []
            : one.choices.map(({ command }) => command ?? []);
        case 'ask':
          return one.command === null ? [] : [one.command];
        case 'fix':
          return [];
      }
    })
    .map(quoteCommand);
}

/** Nothing lives where plain pm2 would look. */
const NO_DAEMON: OwnDaemon = { state: 'none', user: null, apps: [] };

/** One row: who types what under which config, and what follows. Lists are empty where a row does not give any. */
export function verdict(config: string, who: string, line: string, evidence: Partial<Evidence> = {}): string {
  return inWords(
    decided(policyFrom(config), who, line, {
      files: new Map(),
      sights: [],
      own: NO_DAEMON,
      rootUnit: false,
      ...evidence,
    }),
  );
}
