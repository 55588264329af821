import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOwn } from '../../src/verdict/situation.ts';
import { callerFrom, decided, inWords } from './cases.ts';
import { policyFrom } from './policies.ts';

const names = ['myapp', 'api', 'worker', 'shop-a', '0', '@t/x', 'staging'];
const homes = ['/var/www/.pm2', '/home/ops/.pm2', '/root/.pm2', '/srv/x', '/home/staging/.pm2'];
const paths = ['/srv', '/srv/app', '/var/www/html', '/opt/x'];

/** A daemon of a config: user, home, apps, paths. Homes are told apart by index, because two daemons must not share one. */
const daemon = fc.record({
  user: fc.constantFrom('root', 'www-data', 'ops', 'deploy', 'staging'),
  apps: fc.uniqueArray(fc.constantFrom(...names, 'shop-*', '*', '?pi'), { maxLength: 4 }),
  paths: fc.uniqueArray(fc.constantFrom(...paths), { maxLength: 2 }),
  mode: fc.constantFrom('rewrite', 'block', 'observe'),
});
const config = fc.record({
  daemons: fc.array(daemon, { minLength: 1, maxLength: 4 }),
  mode: fc.constantFrom('rewrite', 'block', 'observe'),
  default: fc.option(fc.nat({ max: 3 })),
  exempt: fc.subarray(['alice', 'ops']),
});
type Drawn = typeof config extends fc.Arbitrary<infer T> ? T : never;

const who = fc.tuple(fc.constantFrom('root', 'deploy>root', 'www-data', 'ops', 'alice', 'staging', 'deploy'), fc.constantFrom('', ...homes.map((home) => ` PM2_HOME=${home}`), ' HOME=/srv/app', ' PM2_DAEMON_RPC_PORT=/tmp/s'), fc.constantFrom('', ' @/srv/app', ' @/opt/x'))
  .map((parts) => parts.join(''));
const line = fc.tuple(fc.constantFrom('restart', 'start', 'stop', 'delete', 'list', 'save', 'reload', 'startup', 'logs', 'describe', 'set', 'kill', ''), fc.array(fc.constantFrom(...names, 'all', '/api|worker/', './x.js', '/srv/app/y.js', '--name', '--only', '-u', '--hp', 'ops', '/home/ops', '-i4', '--', '-a'), { maxLength: 4 }))
  .map(([command, words]) => [command, ...words].join(' '));

/** The text of a config, with its daemons and lists in the order that `order` draws. */
function yaml({ daemons, mode, default: chosen, exempt }: Drawn, order: <T>(list: T[]) => T[]): string {
  const named = daemons.map((one, index) => ({ ...one, name: `d${index}`, home: homes[index] ?? '/x' }));
  return JSON.stringify({
    mode,
    ...(chosen !== null && chosen < daemons.length ? { default: `d${chosen}` } : {}),
    ...(exempt.length > 0 ? { exempt: order(exempt) } : {}),
    daemons: Object.fromEntries(order(named).map(({ name, apps, paths: below, ...rest }) => [name, { ...rest, ...(apps.length > 0 ? { apps: order(apps) } : {}), ...(below.length > 0 ? { paths: order(below) } : {}) }])),
  });
}

const evidence = { files: new Map(), sights: [{ daemon: 'd0', source: 'socket' as const, apps: [{ name: 'worker', namespace: null, script: null, cwd: null }] }] };
const asDrawn = <T>(list: T[]): T[] => list;
const backwards = <T>(list: T[]): T[] => [...list].reverse();

describe('whatever the config, the caller and the call', () => {
  it('a pass never changes identity: it lands where plain pm2 would, or nobody is declared', () => {
    fc.assert(fc.property(config, who, line, (drawn, caller, words) => {
      const verdict = decided(policyFrom(yaml(drawn, asDrawn)), caller, words, evidence);
      if (verdict.type !== 'pass' || verdict.daemon === null || verdict.code !== 'PG001' || /^(un)?startup/.test(words)) return;
      expect(isOwn(verdict.daemon, callerFrom(caller).caller)).toBe(true);
    }), { numRuns: 1000 });
  });

  it('a rewrite lands in a declared daemon whose mode says rewrite, and is never a pass in disguise', () => {
    fc.assert(fc.property(config, who, line, (drawn, caller, words) => {
      const policy = policyFrom(yaml(drawn, asDrawn));
      const verdict = decided(policy, caller, words, evidence);
      if (verdict.type !== 'rewrite') return;
      expect(policy.daemons).toContainEqual(verdict.daemon);
      expect(verdict.daemon.mode).toBe('rewrite');
      if (!/startup/.test(words)) expect(isOwn(verdict.daemon, callerFrom(caller).caller)).toBe(false);
    }), { numRuns: 1000 });
  });

  it('the order of the config does not matter', () => {
    fc.assert(fc.property(config, who, line, (drawn, caller, words) => {
      const [one, other] = [asDrawn, backwards].map((order) => decided(policyFrom(yaml(drawn, order)), caller, words, evidence));
      if (!one || !other) throw new Error('two verdicts were asked for');
      expect(inWords(other)).toBe(inWords(one));
    }), { numRuns: 1000 });
  });

  it('a block names a command or says why there is none', () => {
    fc.assert(fc.property(config, who, line, (drawn, caller, words) => {
      const verdict = decided(policyFrom(yaml(drawn, asDrawn)), caller, words, evidence);
      if (verdict.type === 'block') expect(verdict.advice.length + verdict.details.length).toBeGreaterThan(0);
    }), { numRuns: 1000 });
  });
});
