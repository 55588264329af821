import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { App, Invocation } from '../../src/pm2/invocation.ts';
import { ownersOfApp } from '../../src/policy/app-owners.ts';
import { claimsOf } from '../../src/verdict/owners.ts';
import { callerFrom, decided } from '../verdict/cases.ts';
import { policyFrom } from '../verdict/policies.ts';
import { runs } from '../random-runs.ts';

const policy = policyFrom(`default: web
daemons:
  web: {user: www-data, apps: [myapp, "shop-*", both, here], paths: [/srv/www]}
  ops: {user: ops, apps: [backup, tools, both, here], paths: [/srv/ops]}
`);
/** Symlinks of the host in these tests. */
const LINKS = new Map([['/opt/current/x.js', '/srv/ops/7/x.js']]);
const realpathOf = (path: string): string | undefined => LINKS.get(path);

function app(name: string, rest: Partial<App> = {}): App {
  return { name, namespace: null, script: null, cwd: null, ...rest };
}

/** The owner that the guard finds, where the app stands in a process file that root starts. */
function guardFinds(one: App): string[] {
  const evidence = {
    realpaths: LINKS,
    files: new Map([['/tmp/eco.config.js', [one]]]),
    own: { state: 'none' as const, user: null, apps: [] },
    sights: [],
  };
  const { caller } = callerFrom('root @/');
  const target = { kind: 'file' as const, word: 'eco.config.js', path: '/tmp/eco.config.js', at: 1 };
  const invocation = { command: 'start', targets: [target], starts: [], only: [], words: ['start', 'eco.config.js'] };
  const claims = claimsOf(invocation as unknown as Invocation, caller, policy, evidence, false);
  if (claims.type === 'more') throw new Error(`asks for ${claims.wants}`);
  return claims.claims.flatMap(({ rules }) => rules.map(({ daemon }) => daemon)).sort();
}

const doctorFinds = (one: App): string[] =>
  ownersOfApp(policy, one, realpathOf)
    .map(({ daemon }) => daemon)
    .sort();

describe('whose app it is: one answer for guard, doctor and adopt', () => {
  const cases: [what: string, one: App, owners: string[]][] = [
    ['by name', app('myapp'), ['web']],
    ['by glob', app('shop-cart'), ['web']],
    ['name before path', app('backup', { script: '/srv/www/x.js' }), ['ops']],
    ['by namespace', app('x', { namespace: 'tools' }), ['ops']],
    ['name before namespace', app('myapp', { namespace: 'tools' }), ['web']],
    ['the namespace "default" says nothing', app('x', { namespace: 'default' }), []],
    ['by script', app('x', { script: '/srv/ops/x.js' }), ['ops']],
    ['script before working directory', app('x', { script: '/srv/ops/x.js', cwd: '/srv/www' }), ['ops']],
    ['by working directory', app('x', { script: '/usr/bin/npm', cwd: '/srv/www' }), ['web']],
    ['by a symlink to the script', app('x', { script: '/opt/current/x.js' }), ['ops']],
    ['a name of two daemons', app('both'), ['ops', 'web']],
    ['a name of two daemons and a script of one', app('both', { script: '/srv/www/a.js' }), ['web']],
    ['a name of two daemons and a symlink into one', app('both', { script: '/opt/current/x.js' }), ['ops']],
    ['a name of two daemons, decided by the second path', app('both', { script: '/bin/sh', cwd: '/srv/ops' }), ['ops']],
    ['unknown', app('x', { script: '/tmp/x.js', cwd: '/tmp' }), []],
  ];
  it.each(cases)('%s', (_what, one, owners) => {
    expect(doctorFinds(one)).toEqual(owners);
    expect(guardFinds(one)).toEqual(owners);
  });

  it('is the same for random apps', () => {
    const name = fc.constantFrom('myapp', 'shop-x', 'backup', 'both', 'here', 'tools', 'x');
    const path = fc.constantFrom('/srv/www/a.js', '/srv/ops/b.js', '/opt/current/x.js', '/tmp/c.js', '/srv/www2/d.js');
    const random = fc.record({
      name,
      namespace: fc.option(fc.oneof(name, fc.constant('default'))),
      script: fc.option(path),
      cwd: fc.option(path),
    });
    fc.assert(
      fc.property(random, (one) => {
        expect(guardFinds(one)).toEqual(doctorFinds(one));
      }),
      runs(2000),
    );
  });

  it('decides the verdict on a process file', () => {
    const files = new Map([['/tmp/eco.config.js', [app('x', { cwd: '/srv/ops' })]]]);
    expect(decided(policy, 'root', 'start /tmp/eco.config.js', { files })).toMatchObject({
      type: 'rewrite',
      daemon: { name: 'ops' },
    });
  });
});
