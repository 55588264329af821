import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { draft } from '../../src/host/draft/draft.ts';
import type { FoundDaemon } from '../../src/host/survey.ts';
import { checkConfig } from '../../src/policy/slow.ts';
import { openPolicy } from '../../src/policy/compiled.ts';
import { parseSource } from '../../src/policy/source.ts';
import { asPid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { runs } from '../random-runs.ts';

interface Drafted {
  mode: string;
  default: string;
  daemons: Record<
    string,
    { user: string; home: string; apps?: string[]; paths?: string[]; pm2?: string; node?: string }
  >;
}
type Place = [name: string, cwd?: string | null, script?: string | null];

function daemon(user: string | null, home: string, apps: Place[] = [], rest: Partial<FoundDaemon> = {}): FoundDaemon {
  return {
    user,
    pm2Home: asPm2Home(home),
    failure: null,
    source: 'socket',
    unit: null,
    apps: apps.map(([name, cwd = null, script = null]) => ({ name, namespace: null, script, cwd })),
    live: {
      socket: `${home}/rpc.sock`,
      pm2Home: asPm2Home(home),
      pid: asPid(7),
      uid: asUid(1),
      user,
      reachable: true,
      elsewhere: false,
      door: `${home}/rpc.sock`,
    },
    ...rest,
  };
}
const down = { live: null, source: 'dump' } as const;
const web = (...apps: Place[]) => daemon('www-data', '/var/www/.pm2', apps);
const root = (...apps: Place[]) => daemon('root', '/root/.pm2', apps);
const unit = (enabled: boolean) => ({
  name: 'pm2-x.service',
  file: '/x',
  manager: null,
  user: 'daemon',
  pm2Home: '/x',
  homeDirectory: null,
  path: null,
  start: [],
  pidFile: null,
  account: null,
  seat: null,
  namesApps: false,
  program: null,
  node: null,
  enabled,
  lingers: true,
});

/** The policy that a draft makes: no draft may be refused. */
function policyOf(text: string) {
  const parsed = parseSource('/etc/pm2-guard/config.yaml', text, 'yaml');
  if (parsed.type === 'errors') throw new Error(JSON.stringify(parsed.errors));
  const checked = checkConfig(parsed.source);
  if (checked.type === 'errors') throw new Error(`${JSON.stringify(checked.errors)}\n${text}`);
  return openPolicy({ ...checked.rules, made: '', from: '' });
}
function drafted(...found: FoundDaemon[]): Drafted & { text: string } {
  const text = draft(found);
  policyOf(text);
  return { ...(parse(text) as Drafted), text };
}

describe('a draft declares', () => {
  it('what runs, with its apps', () => {
    expect(drafted(web(['shop'], ['api']), root(['backup']))).toMatchObject({
      mode: 'rewrite',
      default: 'web',
      daemons: {
        web: { user: 'www-data', home: '/var/www/.pm2', apps: ['api', 'shop'] },
        root: { user: 'root', home: '/root/.pm2', apps: ['backup'] },
      },
    });
  });
  it('root as the default if there is no other daemon', () => {
    expect(drafted(root(['a']))).toMatchObject({ default: 'root', daemons: { root: { apps: ['a'] } } });
  });
  it("a user's second home by a name of its own", () => {
    expect(Object.keys(drafted(web(['a']), daemon('www-data', '/srv/.pm2', [['b']])).daemons)).toEqual([
      'web',
      'web-2',
    ]);
  });
  it('what its boot unit starts, even without apps', () => {
    expect(drafted(web(['a']), daemon('daemon', '/x', [], { ...down, unit: unit(true) })).daemons).toHaveProperty(
      'daemon',
    );
  });
  it('what a dump would bring back', () => {
    expect(drafted(daemon('www-data', '/var/www/.pm2', [['a']], down)).daemons).toMatchObject({ web: { apps: ['a'] } });
  });
  it('an app of two daemons in both, and says so', () => {
    const { daemons, text } = drafted(web(['shop'], ['api']), root(['shop']));
    expect([daemons.web?.apps, daemons.root?.apps]).toEqual([['api', 'shop'], ['shop']]);
    expect(text).toMatch(/- shop # also in root: .*stray/);
    expect(text).toMatch(/- shop # also in web/);
    expect(text).toMatch(/- api\n/);
  });
  it("an ordinary user's daemon without its names and missing directories, which would draw others' apps", () => {
    const apps: Place[] = [['shop', '/srv/not-yet/a'], ['x', '/srv/not-yet/b'], ['own']];
    const person = daemon('nobody', '/nonexistent/.pm2', apps);
    const { daemons } = drafted(web(['shop', '/srv/not-yet/b']), person);
    expect(daemons.nobody).toEqual({ user: 'nobody', home: '/nonexistent/.pm2' });
    expect(daemons.web).toMatchObject({ apps: ['shop'], paths: ['/srv/not-yet/b'] });
  });
  it("an ordinary user's names as a rule that root can put into force", () => {
    const names = ['b', 'a*', 'c\n    apps: [d]', '# e', 'true', 'f: g', "h'\u0007"];
    const { text } = drafted(daemon('nobody', '/nonexistent/.pm2', names.map((name): Place => [name])));
    expect(text).toContain("# Only nobody's own list names these apps, so they are no rules yet.\n");
    const at = text.indexOf('    # apps:');
    const inForce = text.slice(0, at) + text.slice(at).replace(/^ {4}# /gm, '    ');
    expect((parse(inForce) as Drafted).daemons.nobody?.apps).toEqual(
      ['# e', 'a\\*', 'b', 'c\n    apps: \\[d\\]', 'f: g', "h'\u0007", 'true'],
    );
    const policy = policyOf(inForce);
    for (const name of names) expect(policy.ownersOfName(name).map((rule) => rule.daemon)).toEqual(['nobody']);
  });
  it('the likeliest where there is nothing', () => {
    expect(drafted()).toMatchObject({ default: 'web', daemons: { web: { user: 'www-data', home: '/var/www/.pm2' } } });
    // A directory that any user can make decides nothing.
    expect(drafted(daemon('nobody', '/srv/.pm2', [], down))).toMatchObject({
      default: 'web',
      daemons: { web: { home: '/var/www/.pm2' } },
    });
  });
});

describe('the default is', () => {
  const person = (...apps: Place[]) => daemon('nobody', '/nonexistent/.pm2', apps); // uid 65534: no service's
  const many: Place[] = Array.from({ length: 50 }, (_, at) => [`app-${at}`]);
  const booted = (found: FoundDaemon) => ({ ...found, unit: { ...unit(true), user: found.user } });
  it('the daemon of the only boot unit, whatever else runs', () => {
    expect(drafted(booted(person(['a'])), web(...many), root(['b'])).default).toBe('nobody');
  });
  it("not the daemon of a unit of a user's own manager", () => {
    const own = { ...person(['a']), unit: { ...unit(true), manager: 'nobody', user: null } };
    expect(drafted(own)).not.toHaveProperty('default');
    expect(drafted(own, web(['b'])).default).toBe('web');
  });
  it('of several boot units that of the web server, else none', () => {
    const other = booted(daemon('daemon', '/usr/sbin/.pm2', [['b']]));
    expect(drafted(booted(web(['a'])), other).default).toBe('web');
    expect(drafted(booted(root(['a'])), other)).not.toHaveProperty('default');
  });
  it("the web server's daemon, though others have more apps", () => {
    expect(drafted(person(...many), root(...many), web(['a'])).default).toBe('web');
  });
  it("the only daemon where it is a service's", () => {
    expect(drafted(daemon('daemon', '/usr/sbin/.pm2', [['e']])).default).toBe('daemon');
  });
  it('left out where an ordinary user has the only daemon', () => {
    const { text, ...config } = drafted(person(...many));
    expect([config.default, Object.keys(config.daemons)]).toEqual([undefined, ['nobody']]);
    expect(text).toMatch(/# default: nobody {3}# for calls that name no app below\n# Left out: .*\n# does not decide/);
  });
});

describe("a daemon of root's", () => {
  it('is not declared where others can change its home', () => {
    const { text, daemons } = drafted(daemon('root', '/tmp/.pm2', [['a']]), web(['b']));
    expect(Object.keys(daemons)).toEqual(['web']);
    expect(text).toContain(
      "/tmp/.pm2: runs as root (pid 7); not declared: it is root's, and /tmp is writable by all users (mode 1777)",
    );
  });
});

describe('pins', () => {
  const pinned = (pm2: string | null, node: string | null) => {
    const found = drafted({ ...web(['a']), pm2, node });
    return [found.daemons.web?.pm2, found.daemons.web?.node, found.text] as const;
  };
  it('are the programs that only root can change', () => {
    expect(pinned('/etc/passwd', '/etc/group').slice(0, 2)).toEqual(['/etc/passwd', '/etc/group']);
  });
  it('are no others: they are named in a comment', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pg-draft-')), 'node');
    writeFileSync(file, '');
    const [pm2, node, text] = pinned(null, file);
    rmSync(dirname(file), { recursive: true });
    expect([pm2, node]).toEqual([undefined, undefined]);
    expect(text).toContain("# It runs another node than the host's. Users other than root can change it");
    expect(text).toContain(file);
  });
});

describe('a draft only mentions', () => {
  const mentioned = (found: FoundDaemon, ...others: FoundDaemon[]) => {
    const { text, daemons } = drafted(found, ...others);
    expect(Object.values(daemons).map(({ home }) => home)).not.toContain(found.pm2Home);
    return text.slice(text.indexOf('# Seen as well'));
  };
  it('a home where pm2 was once typed', () => {
    expect(mentioned(daemon('daemon', '/srv/.pm2', [], { ...down, source: null }), web(['a']))).toContain(
      '/srv/.pm2: does not run; user daemon; no apps',
    );
  });
  it("root's daemon that runs nothing", () => {
    expect(mentioned(root(), web(['a']))).toContain('/root/.pm2: runs as root (pid 7); no apps');
  });
  it('a saved list of what runs elsewhere', () => {
    expect(mentioned(daemon('root', '/root/.pm2', [['a']], down), web(['a'], ['b']))).toContain(
      'apps from its saved list',
    );
  });
  it('a daemon of the account nobody', () => {
    expect(mentioned(daemon(null, '/home/gone/.pm2', [['a']]), web(['b']))).toContain('uid 1, which has no account');
  });
  it('a unit that is not enabled', () => {
    expect(mentioned(daemon('daemon', '/x', [], { ...down, unit: unit(false) }), web(['a']))).toContain(
      'not enabled by pm2-x.service',
    );
  });
});

describe('paths', () => {
  const paths = (...apps: Place[]) => drafted(web(...apps)).daemons.web?.paths;
  it('are where an app works', () => {
    expect(paths(['a', '/var/www/html/a/public_html', '/usr/bin/npm'])).toEqual(['/var/www/html/a/public_html']);
  });
  it('are where its script is, if it works elsewhere', () => {
    expect(paths(['a', '/', '/srv/a/app.js'])).toEqual(['/srv/a']);
  });
  it('are not below what they are part of', () => {
    expect(paths(['a', '/srv/a', '/srv/a/dist/app.js'], ['b', '/srv/a/b', null])).toEqual(['/srv/a']);
  });
  it('fold into a common parent', () => {
    expect(paths(['a', '/var/www/html/a'], ['b', '/var/www/html/b'])).toEqual(['/var/www/html']);
  });
  it('do not merge into a shared directory', () => {
    expect(
      paths(['a', '/srv/a'], ['b', '/srv/b'], ['c', '/home/x/c'], ['d', '/var/www/d'], ['e', '/var/www/e']),
    ).toEqual(['/home/x/c', '/srv/a', '/srv/b', '/var/www/d', '/var/www/e']);
  });
  it.each([
    '/',
    '/srv',
    '/home',
    '/home/deploy',
    '/var/www',
    '/tmp/x',
    '/usr/local/lib',
    '/opt',
    '/root',
    '/home/x/.nvm/versions',
  ])('are never %s', (cwd) => {
    expect(paths(['a', cwd])).toBeUndefined();
  });
  it("may be root's own home", () => {
    expect(drafted(root(['a', '/root'])).daemons.root?.paths).toEqual(['/root']);
  });
  it("are not those of two daemons, nor around another's", () => {
    const { daemons } = drafted(
      web(['a', '/srv/x/a'], ['b', '/srv/x/b'], ['s', '/srv/s']),
      root(['c', '/srv/x/c'], ['t', '/srv/s']),
    );
    expect([daemons.web?.paths, daemons.root?.paths]).toEqual([['/srv/x/a', '/srv/x/b'], ['/srv/x/c']]);
  });
});

it('is always valid, and finds every app', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(
      '007',
      'null',
      '~',
      '*',
      '!a',
      'a*b',
      '[x]',
      '{a,b}',
      '- a',
      'a: b',
      '# a',
      '@a',
      '"',
      '\\',
      'a\nb',
      '\u0000',
      '\ufffd',
      '\ud800',
      '__proto__',
      'true',
    ),
  );
  const path = fc.option(
    fc.oneof(
      fc.constantFrom('/srv/a', '/srv/a/*', '/srv/\u0000', '/srv/a\ud800', '/srv/a: b', 'relative', ''),
      fc.string({ unit: 'binary' }).map((text) => `/srv/x/${text}`),
    ),
  );
  const apps = fc.array(fc.tuple(name, path, path), { maxLength: 6 });
  fc.assert(
    fc.property(apps, apps, apps, (one, two, three) => {
      const found = [
        web(...one),
        root(...two),
        daemon('no such user', '/x', three),
        daemon(null, '/y\u0000\ufffd\ud800\n', three),
      ];
      const policy = policyOf(draft(found));
      for (const [owner, list] of [
        ['web', one],
        ['root', two],
      ] as const) {
        for (const [app] of list) {
          if (/[\u0000\ufffd]|\p{Surrogate}/u.test(app)) continue;
          expect([app, policy.ownersOfName(app).map((rule) => rule.daemon)]).toEqual([
            app,
            expect.arrayContaining([owner]),
          ]);
        }
      }
    }),
    runs(500),
  );
});
