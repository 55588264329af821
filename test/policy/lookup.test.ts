import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPolicy, type CompiledPolicy } from '../../src/policy/compiled.ts';
import { inAscii } from '../../src/policy/save.ts';
import { checkConfig } from '../../src/policy/slow.ts';
import { parseSource } from '../../src/policy/source.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { runs } from '../random-runs.ts';
import { naiveOwnersOfName, naiveOwnersOfPath, type Owner } from './reference.ts';

/** The policy of a config's text, through the bytes that would be on disk. */
function policyOf(text: string): Policy {
  const parsed = parseSource('/etc/pm2-guard/config.yaml', text, 'yaml');
  if (parsed.type === 'errors') throw new Error(parsed.errors[0].message);
  const checked = checkConfig(parsed.source);
  if (checked.type === 'errors') throw new Error(checked.errors.map(({ message }) => message).join('\n'));
  const bytes = inAscii({ ...checked.rules, made: '', from: '' });
  expect(bytes).toMatch(/^[\x20-\x7e\n]*$/);
  return openPolicy(JSON.parse(bytes) as CompiledPolicy);
}

/** Writes a config line by line, and says which line each entry is on. */
function write(daemons: { name: string; apps: string[]; paths: string[] }[]): { text: string; owners: Owner[] } {
  const lines = ['daemons:'];
  const owners = daemons.map(({ name, apps, paths }, index): Owner => {
    const add = (line: string): number => lines.push(line);
    add(`  ${name}:`);
    add('    user: root');
    add(`    home: /h${index}`);
    const entries = (key: string, texts: string[]): { text: string; line: number }[] => {
      if (texts.length > 0) add(`    ${key}:`);
      return texts.map((text) => ({ text, line: add(`      - ${JSON.stringify(text)}`) }));
    };
    return {
      daemon: name,
      apps: entries('apps', apps).map(({ text, line }) => ({ pattern: text, line })),
      paths: entries('paths', paths).map(({ text, line }) => ({ path: text, line })),
    };
  });
  return { text: `${lines.join('\n')}\n`, owners };
}

const owns =
  (apps: string, name: string): (() => void) =>
  () => {
    expect(policyOf(`daemons: {web: {user: root, apps: [${apps}]}}`).ownersOfName(name)).toEqual([
      { daemon: 'web', pattern: expect.any(String) as string, line: 1 },
    ]);
  };
const ownsNot =
  (apps: string, name: string): (() => void) =>
  () => {
    expect(policyOf(`daemons: {web: {user: root, apps: [${apps}]}}`).ownersOfName(name)).toEqual([]);
  };

describe('the owner of a name', () => {
  it('literal', owns('myapp', 'myapp'));
  it('literal: the whole name, not its start', ownsNot('myapp', 'myapp2'));
  it('literal: the whole name, not its end', ownsNot('myapp', 'amyapp'));
  it('literal: letters as they are', ownsNot('myapp', 'MyApp'));
  it('literal with a dot', ownsNot('my.app', 'myxapp'));
  it("literal that looks like the table's own marks", owns('"<a>1:2"', '<a>1:2'));
  it('literal with blanks, quotes, percent', owns('"a \\"b\\" %003c"', 'a "b" %003c'));
  it('literal beyond ASCII', owns('größe-🚀', 'größe-🚀'));
  it('literal with a newline', owns('"a\\nb"', 'a\nb'));
  it('literal with brackets and bars', owns('"app (prod) | x"', 'app (prod) | x'));
  it('no name is empty', ownsNot('myapp', ''));
  it('part of the table is no name', ownsNot('a, b', '0:1<b'));
  it('*', owns('"shop-*"', 'shop-1'));
  it('* is also nothing', owns('"shop-*"', 'shop-'));
  it('* is also a slash', owns('"@scope/*"', '@scope/app/x'));
  it('* at the start, over a scope', owns('"*-prod"', '@scope/app-prod'));
  it('* alone, whatever it is', owns('"*"', '.hidden/../x\n'));
  it('* alone, two dots', owns('"*"', '..'));
  it('* after a dot', owns('"a.*"', 'a.'));
  it('* after a dot in braces', owns('"{a.*,b}"', 'a..'));
  it('** is *', owns('"a**b"', 'a/x/b'));
  it('* in the middle needs both ends', ownsNot('"aba*aba"', 'aba'));
  it('?', owns('"app?"', 'app1'));
  it('? is a slash too', owns('"a?b"', 'a/b'));
  it('? is one', ownsNot('"app?"', 'app'));
  it('[a-c]', owns('"app[a-c]"', 'appb'));
  it('[a-c] not d', ownsNot('"app[a-c]"', 'appd'));
  it('[!a]', ownsNot('"app[!a]"', 'appa'));
  it('[!a] b', owns('"app[!a]"', 'appb'));
  it('[ is not itself', ownsNot('"app[a-c]"', 'app[a-c]'));
  it('{a,b}', owns('"{api,web}-*"', 'web-1'));
  it('{a,b} not c', ownsNot('"{api,web}-*"', 'wex-1'));
  it('{1..3}', owns('"w{1..3}"', 'w2'));
  it('a backslash takes a star as it is', owns('"a\\\\*b"', 'a*b'));
  it('a backslash takes a star as it is, and nothing else', ownsNot('"a\\\\*b"', 'axb'));
  it('parentheses and bars are themselves beside a star', owns('"app (x|y)*"', 'app (x|y)1'));
  it('parentheses and bars group nothing', ownsNot('"app (x|y)*"', 'app x1'));
  it('+( is no wildcard', ownsNot('"+(a)*"', 'aa'));
  it('+ after braces is itself', owns('"{a,b}+x*"', 'a+x1'));
  it('+ after braces repeats nothing', ownsNot('"{a,b}+x*"', 'aax1'));
  it('+ after brackets is itself', owns('"[ab]+x*"', 'a+x1'));
  it('+ after brackets repeats nothing', ownsNot('"[ab]+x*"', 'abx1'));
  it('./ is not taken off', ownsNot('"./x*"', 'x1'));

  const policy = policyOf(`daemons:
  prod:
    user: root
    home: /a
    apps: [api, "shop-*", "*", "*-job"]
  staging:
    user: root
    home: /b
    apps: [api, "shop-admin-*", "shop-?", "job-*", "shop-*"]
`);
  const daemons = (name: string): string[] =>
    policy.ownersOfName(name).map(({ daemon, pattern }) => `${daemon} ${pattern}`);
  it('two daemons of one name', () => {
    expect(daemons('api')).toEqual(['prod api', 'staging api']);
  });
  it('a longer glob beats a shorter', () => {
    expect(daemons('shop-admin-1')).toEqual(['staging shop-admin-*']);
  });
  it('equal globs of two daemons, one rule a daemon', () => {
    expect(daemons('shop-1')).toEqual(['prod shop-*', 'staging shop-*']);
  });
  it('globs that fix other ends are equals', () => {
    expect(daemons('job-x-job')).toEqual(['prod *-job', 'staging job-*']);
  });
  it('a catch-all catches the rest', () => {
    expect(daemons('other')).toEqual(['prod *']);
  });
  it('namesMatching gives the literal names', () => {
    expect(
      policy.namesMatching((name) => /a/.test(name)).map(({ daemon, pattern, line }) => [daemon, pattern, line]),
    ).toEqual([
      ['prod', 'api', 5],
      ['staging', 'api', 9],
    ]);
  });
  it('namesMatching gives none that does not match', () => {
    expect(policy.namesMatching((name) => name.startsWith('shop'))).toEqual([]);
  });
});

describe('a user of personal', () => {
  const matches = (pattern: string, user: string): boolean | undefined =>
    policyOf(`daemons: {web: {user: root}}\npersonal: ['${pattern}']`).personal?.matchesUser(user);
  it('of a domain: the backslash is part of the name', () => {
    expect(matches('SHOP\\alice', 'SHOP\\alice')).toBe(true);
    expect(matches('SHOP\\alice', 'SHOPalice')).toBe(false);
  });
  it('of a domain, by a glob', () => {
    expect(matches('SHOP\\*', 'SHOP\\alice')).toBe(true);
    expect(matches('SHOP\\*', 'SHOP*')).toBe(false);
    expect(matches('SHOP\\*', 'OTHER\\alice')).toBe(false);
  });
});

describe('the owner of a path', () => {
  const policy = policyOf(`daemons:
  web: {user: root, home: /a, paths: [/var/www/html/, /srv/../opt/x]}
  blog: {user: root, home: /b, paths: [/var/www/html/blog]}
  twin: {user: root, home: /c, paths: [/opt/x]}
`);
  const rules = (path: string): string[] =>
    policy.ownersOfPath(path).map(({ daemon, pattern, line }) => `${daemon} ${pattern} ${line}`);
  it('itself', () => {
    expect(rules('/var/www/html')).toEqual(['web /var/www/html 2']);
  });
  it('below it', () => {
    expect(rules('/var/www/html/x/y.js')).toEqual(['web /var/www/html 2']);
  });
  it('the longest', () => {
    expect(rules('/var/www/html/blog/y.js')).toEqual(['blog /var/www/html/blog 3']);
  });
  it('at a boundary', () => {
    expect(rules('/var/www/html2')).toEqual([]);
  });
  it('at a boundary of the longer one', () => {
    expect(rules('/var/www/html/blogger')).toEqual(['web /var/www/html 2']);
  });
  it('of two daemons', () => {
    expect(rules('/opt/x/1')).toEqual(['twin /opt/x 4', 'web /opt/x 2']);
  });
  it('above it', () => {
    expect(rules('/var/www')).toEqual([]);
  });
  it('all below the root', () => {
    expect(policyOf('daemons: {web: {user: root, paths: [/]}}').ownersOfPath('/x')).toHaveLength(1);
  });
});

describe('for any config', () => {
  const letters = fc.constantFrom('a', 'b', '/', '.', '-', '@', '\n', '"', '%', '<', '>', 'ü', '🚀', '\u0000');
  const name = fc.string({ unit: letters, minLength: 1, maxLength: 5 });
  const pattern = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '.', '-', '*', '?', '('),
    minLength: 1,
    maxLength: 6,
  });
  const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const daemons = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('web', 'ops', 'a', 'B', 'z1'),
      apps: fc.array(fc.oneof(name, pattern), { maxLength: 6 }),
      paths: fc.array(path, { maxLength: 4 }),
    }),
    { selector: ({ name: daemon }) => daemon, minLength: 1, maxLength: 4 },
  );

  it('the compiled policy answers as a naive one does', () => {
    fc.assert(
      fc.property(
        daemons,
        fc.array(fc.oneof(name, pattern), { minLength: 1 }),
        fc.array(path, { minLength: 1 }),
        (config, names, paths) => {
          const { text, owners } = write(config);
          const policy = policyOf(text);
          for (const each of [...names, ...config.flatMap(({ apps }) => apps)])
            expect(policy.ownersOfName(each)).toEqual(naiveOwnersOfName(owners, each));
          for (const each of paths) expect(policy.ownersOfPath(each)).toEqual(naiveOwnersOfPath(owners, each));
        },
      ),
      runs(1000),
    );
  });

  it('the order of the config is of no account', () => {
    const withoutLines = (policy: Policy, names: string[], paths: string[]): unknown => ({
      daemons: policy.daemons.map(({ name: daemon, user, mode }) => ({ daemon, user, mode })),
      names: names.map((each) => policy.ownersOfName(each).map(({ daemon, pattern: rule }) => [daemon, rule])),
      paths: paths.map((each) => policy.ownersOfPath(each).map(({ daemon, pattern: rule }) => [daemon, rule])),
      all: policy.namesMatching(() => true).map(({ daemon, pattern: rule }) => [daemon, rule]),
    });
    fc.assert(
      fc.property(
        daemons,
        fc.array(fc.oneof(name, pattern)),
        fc.array(path),
        fc.func(fc.nat()),
        (config, names, paths, rank) => {
          const shuffle = <Item>(items: Item[]): Item[] =>
            items
              .map((item, index) => ({ item, key: rank(item, index) }))
              .sort((a, b) => a.key - b.key)
              .map(({ item }) => item);
          const shuffled = shuffle(
            config.map(({ apps, paths: prefixes, ...daemon }) => ({
              ...daemon,
              apps: shuffle(apps),
              paths: shuffle(prefixes),
            })),
          );
          expect(withoutLines(policyOf(write(shuffled).text), names, paths)).toEqual(
            withoutLines(policyOf(write(config).text), names, paths),
          );
        },
      ),
      runs(500),
    );
  });

  it('each literal name is found again, on its line', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => !/[*?[\]{}\\!]/.test(text)),
          { minLength: 1 },
        ),
        (names) => {
          const policy = policyOf(
            `daemons:\n  web:\n    user: root\n    ` +
              `apps:\n${names.map((each) => `      - ${JSON.stringify(each)}\n`).join('')}`,
          );
          for (const [index, each] of names.entries())
            expect(policy.ownersOfName(each)).toEqual([{ daemon: 'web', pattern: each, line: index + 5 }]);
          expect(
            policy
              .namesMatching(() => true)
              .map(({ pattern: rule }) => rule)
              .sort(),
          ).toEqual([...names].sort());
        },
      ),
    );
  });
});
