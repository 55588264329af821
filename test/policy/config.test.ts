import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatConfigError } from '../../src/policy/config-error.ts';
import { compileConfig } from '../../src/policy/slow.ts';

const directory = mkdtempSync(join(tmpdir(), 'pg-config-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function compile(text: string, file = 'c.yaml'): ReturnType<typeof compileConfig> {
  writeFileSync(join(directory, file), text);
  return compileConfig(join(directory, file));
}

/** All errors as shown, without the directory. */
function shown(text: string, file?: string): string {
  const result = compile(text, file);
  return result.type === 'compiled'
    ? 'no error'
    : result.errors.map((error) => formatConfigError(error).replaceAll(`${directory}/`, '')).join('\n');
}

const refuses =
  (text: string, ...lines: string[]) =>
  (): void => {
    const all = shown(text);
    for (const line of lines) expect(all).toContain(line);
  };
const takes = (text: string) => (): void => {
  expect(shown(text)).toBe('no error');
};
const web = (rest: string): string => `daemons:\n  web:\n    user: root\n    ${rest}\n`;

describe('the config of docs/contract.md section 2', () => {
  const result = compile(`mode: block
default: web
daemons:
  web:
    user: root
    home: /var/www/.pm2/
    apps: [myapp, "shop-*"]
    paths: [/var/www/html]
    operators: [deploy, "%web"]
    pm2: /usr/lib/node_modules/pm2/bin/pm2
    node: /usr/bin/node
    mode: rewrite
  ops:
    user: root
    apps: [backup]
exempt: [alice]
bypass: root
`);
  if (result.type === 'errors') throw new Error(result.errors[0].message);
  it('is compiled in full', () => {
    const root = { user: 'root', uid: 0, gid: 0, homeDirectory: '/root', shell: expect.any(String) as string };
    expect(result.compiled).toMatchObject({
      mode: 'block',
      default: 'web',
      exempt: ['alice'],
      bypass: 'root',
      file: join(directory, 'c.yaml'),
      daemons: [
        { ...root, name: 'ops', pm2Home: '/root/.pm2', mode: 'block', pm2: null, node: null, operators: [], line: 13 },
        {
          ...root,
          name: 'web',
          pm2Home: '/var/www/.pm2',
          mode: 'rewrite',
          pm2: '/usr/lib/node_modules/pm2/bin/pm2',
          node: '/usr/bin/node',
          operators: ['deploy', '%web'],
          line: 4,
        },
      ],
    });
  });
  it('with notes on people who are not there', () => {
    expect(result.notes.map((note) => note.replace(`${directory}/`, ''))).toEqual([
      'c.yaml:16: exempt names "alice", and there is no such user',
      'c.yaml:9: operators of web names "deploy", and there is no such user',
      'c.yaml:9: operators of web names "%web", and there is no such group',
    ]);
  });
});

describe('a config that was changed just now', () => {
  const settled = (result: ReturnType<typeof compileConfig>): boolean => result.type === 'compiled' && result.settled;
  it('is used, but what is compiled from it is not kept: a second change could leave the same times', async () => {
    const file = join(directory, 'c.yaml');
    expect(settled(compile('daemons: {web: {user: root}}'))).toBe(false);
    await new Promise((done) => setTimeout(done, 150));
    expect(settled(compileConfig(file))).toBe(true);
    utimesSync(file, 1, 1); // old by its mtime; its ctime is now
    expect(settled(compileConfig(file))).toBe(false);
  });
});

describe('a config may', () => {
  it('be as short as this', takes('daemons: {web: {user: root}}'));
  it('be JSON', () => {
    expect(shown('{\n\t"daemons": {\n\t\t"web": {"user": "root", "apps": ["a"]}\n\t}\n}\n', 'c.json')).toBe('no error');
  });
  it('start with a byte order mark', takes('\ufeffdaemons: {web: {user: root}}'));
  it('start with a byte order mark as JSON', () => {
    expect(shown('\ufeff{"daemons": {"web": {"user": "root"}}}', 'c.json')).toBe('no error');
  });
  it('have lines of Windows', takes('daemons:\r\n  web:\r\n    user: root\r\n'));
  it(
    'give one user several homes',
    takes('daemons: {a: {user: root, home: /a}, b: {user: root, home: /b}, c: {user: root}}'),
  );
  it(
    'have a group of a directory as operator',
    takes('daemons: {web: {user: root, operators: ["%domain users", "%CORP\\\\Domain Admins"]}}'),
  );
  it(
    'name one app twice',
    takes('daemons: {a: {user: root, apps: [x, x, "y*", "y*"]}, b: {user: root, home: /b, apps: [x]}}'),
  );
  it('use an anchor', takes('daemons: {a: {user: root, apps: &x [x]}, b: {user: root, home: /b, apps: *x}}'));
  it('have no default', takes(web('mode: observe')));
});

describe('a config may not', () => {
  it(
    'be a list',
    refuses(
      '- a',
      'c.yaml:1:1: the config is a list\n  - a\n  ^\n  expected a config: daemons, and if need be mode, default, ' +
        'personal, exempt, bypass, on_error, notices, contact',
    ),
  );
  it(
    'have a list for its daemons',
    refuses('daemons: [web]', 'c.yaml:1:10: "daemons" is a list', 'expected daemons by name, each with its user'),
  );
  it(
    'have a list for a daemon',
    refuses('daemons: {web: [root]}', 'c.yaml:1:16: "web" is a list', 'expected a daemon: user, and if'),
  );
  it('be a word', refuses('hello', 'c.yaml:1:1: the config is "hello"'));
  it('be without daemons', refuses('mode: block', 'c.yaml:1:1: the config has no "daemons"'));
  it(
    'have daemons that are none',
    refuses(
      'mode: block\ndaemons: {}',
      'c.yaml:2:1: "daemons" is empty\n  daemons: {}\n  ^\n  expected at least one daemon',
    ),
  );
  it('have daemons with nothing after', refuses('daemons:\n', 'c.yaml:1:9: "daemons" is empty'));
  it(
    'have an unknown key',
    refuses(
      'defualt: web\ndaemons: {web: {user: root}}',
      'c.yaml:1:1: unknown key "defualt": did you mean "default"?\n  defualt: web\n  ^\n  expected one of mode, ' +
        'default, daemons, personal, exempt, bypass, on_error, notices, contact',
    ),
  );
  it(
    'have an unknown key in a daemon',
    refuses(web('pth: [/x]'), 'c.yaml:4:5: unknown key "pth": did you mean "paths"?\n      pth: [/x]\n      ^'),
  );
  it('have an unknown key like none of ours', refuses(web('frobnicate: 1'), 'c.yaml:4:5: unknown key "frobnicate"\n'));
  it(
    'have one key twice',
    refuses(web('apps: [a]\n    apps: [b]'), 'c.yaml:5:5: Map keys must be unique\n      apps: [b]\n      ^'),
  );
  it(
    'have one daemon twice',
    refuses('daemons:\n  a: {user: root}\n  a: {user: root}', 'c.yaml:3:3: Map keys must be unique'),
  );
  it('have one key twice in JSON', () => {
    expect(shown('{"daemons": {"a": {"user": "root"}, "a": {"user": "root"}}}', 'c.json')).toContain(
      'c.json:1:37: Map keys must be unique',
    );
  });
  it('have YAML in JSON', () => {
    expect(shown('{"daemons": {"a": {"user": "root"}}} # no', 'c.json')).toMatch(/^c\.json:1:\d+: is not JSON/);
  });
  it.each([
    ['a trailing comma in a list', '{\n"exempt": ["a",],\n"x": 1}', '2:16'],
    ['a trailing comma in a map', '{\n"daemons": {"a": {"user": "root",}}}', '2:34'],
    ['single quotes', '{\n"mode":\n  \'block\'}', '3:3'],
    ['a comment', '{"mode": "block",\n  # why\n"x": 1}', '2:3'],
    ['a tag', '{"mode":\n !!str "block"}', '2:2'],
    ['a string over two lines', '{"daemons": {},\n"contact": "a\nb"}', '2:12'],
    ['two values', '{"daemons": {}}\n# the end', '2:1'],
  ])('have in JSON: %s, and the caret is there', (_what, text, place) => {
    expect(shown(text, 'c.json')).toMatch(new RegExp(`^c\\.json:${place}: is not JSON`));
  });
  it('be cut off in JSON', () => {
    expect(shown('{"daemons": {"a": {"user": "ro', 'c.json')).toMatch(/^c\.json:1:\d+: /);
  });
  it(
    'have a mode that is none',
    refuses(
      'mode: rewirte\ndaemons: {web: {user: root}}',
      'c.yaml:1:7: "mode" is "rewirte"\n  mode: rewirte\n        ^\n  expected rewrite, block or observe',
    ),
  );
  it(
    'have a bypass that is none',
    refuses(
      'bypass: all\ndaemons: {web: {user: root}}',
      'c.yaml:1:9: "bypass" is "all"',
      'expected anyone, root or nobody',
    ),
  );
  it(
    'have an on_error that is none',
    refuses(
      'on_error: maybe\ndaemons: {web: {user: root}}',
      'c.yaml:1:11: "on_error" is "maybe"',
      'expected open or closed',
    ),
  );
  it(
    'have a default that is no daemon',
    refuses(
      'default: wbe\ndaemons: {web: {user: root}}',
      'c.yaml:1:10: there is no daemon "wbe": did you mean "web"?\n  default: wbe\n           ^\n  expected one of web',
    ),
  );
  it(
    "have a default like Object's own",
    refuses('default: toString\ndaemons: {web: {user: root}}', 'c.yaml:1:10: there is no daemon "toString"'),
  );
  it(
    'have a daemon without a user',
    refuses('daemons:\n  web:\n    home: /x\n', 'c.yaml:2:3: web has no "user"\n    web:\n    ^'),
  );
  it('have a daemon that is a word', refuses('daemons: {web: root}', 'c.yaml:1:16: "web" is "root"'));
  it(
    'have a user who does not exist',
    refuses(
      'daemons:\n  web:\n    user: no-such-user-here',
      'c.yaml:3:11: there is no user "no-such-user-here"\n      user: no-such-user-here\n            ^\n  expected ' +
        'a user that getent passwd finds',
    ),
  );
  it('have a user by number', refuses('daemons: {web: {user: 0}}', 'c.yaml:1:23: "user" is the number 0'));
  it('have a user that reads as an option', refuses('daemons: {web: {user: -rf}}', 'c.yaml:1:23: "user" is "-rf"'));
  it(
    'have a relative home',
    refuses(
      web('home: www/.pm2'),
      'c.yaml:4:11: "home" is "www/.pm2"\n      home: www/.pm2\n            ^\n  expected the absolute path of its ' +
        'PM2_HOME',
    ),
  );
  it('have a home with a tilde', refuses(web('home: ~/.pm2'), '"home" is "~/.pm2"'));
  it('have a relative path', refuses(web('paths: [/ok, html]'), 'c.yaml:4:18: an entry of "paths" is "html"'));
  it('have a relative pm2', refuses(web('pm2: pm2'), '"pm2" is "pm2"'));
  it('have a relative node', refuses(web('node: node'), '"node" is "node"'));
  it(
    'have two daemons of one home',
    refuses(
      'daemons:\n  a: {user: root, home: /x/.pm2}\n  b: {user: daemon, home: /x/./y/../.pm2/}',
      'c.yaml:3:27: daemons a (line 2) and b have one PM2_HOME, /x/.pm2\n',
      'expected a PM2_HOME for each daemon',
    ),
  );
  it(
    'have two daemons of one home by default',
    refuses(
      'daemons:\n  a: {user: root}\n  b: {user: root}',
      'c.yaml:3:3: daemons a (line 2) and b have one PM2_HOME, /root/.pm2',
    ),
  );
  it('have two daemons of one home by a link', () => {
    expect(
      shown(
        `daemons:\n  a: {user: root, home: ${directory}}\n  b: {user: root, home: ` +
          `${directory}/../${directory.split('/').pop() ?? ''}/.}`,
      ),
    ).toContain('have one PM2_HOME');
    expect(
      shown('daemons:\n  a: {user: root, home: /usr/bin}\n  b: {user: root, home: /proc/self/root/usr/bin}'),
    ).toContain('daemons a (line 2) and b have one PM2_HOME, /proc/self/root/usr/bin, which is also /usr/bin');
  });
  it('have apps with nothing after', refuses(web('apps:'), '"apps" is empty'));
  it(
    'have apps that are a word',
    refuses(web('apps: myapp'), '"apps" is "myapp"', 'expected a list of app names and globs'),
  );
  it('have an app that is empty', refuses(web('apps: [a, ""]'), 'c.yaml:4:15: an entry of "apps" is empty'));
  it(
    'have an app that is a number',
    refuses(web('apps: [a, 12]'), 'c.yaml:4:15: an entry of "apps" is the number 12', 'quote what is a number'),
  );
  it(
    'have a glob that is not closed',
    refuses(web('apps: [a, "b[c"]'), 'c.yaml:4:15: "b[c" is no glob: Missing closing'),
  );
  it('have a glob whose braces are not closed', refuses(web('apps: ["b{c"]'), '"b{c" is no glob: Missing closing'));
  it(
    'have a glob with a range that is none',
    refuses(web('apps: ["[z-a]"]'), '"[z-a]" is no glob: Invalid regular expression'),
  );
  it('have a glob that ends in a backslash', refuses(web('apps: ["a\\\\"]'), 'ends in a backslash'));
  it('take a glob back', refuses(web('apps: ["!a"]'), 'c.yaml:4:12: "!a" starts with "!"'));
  it(
    'have a glob that YAML takes for an alias',
    refuses(
      web('apps: [*-prod]'),
      'c.yaml:4:12: "*-prod" is an alias in YAML, and nothing has that name\n      apps: [*-prod]\n             ' +
        '^\n  expected quotes round a glob: "*-prod"',
    ),
  );
  it(
    'have a path with a star',
    refuses(web('paths: ["/var/www/*"]'), 'c.yaml:4:13: "/var/www/*" is no glob here', 'expected "/var/www"'),
  );
  it(
    'have an operator that sudoers would read as more',
    refuses(
      web('operators: ["deploy ALL=(ALL) NOPASSWD: ALL"]'),
      'an entry of "operators" is "deploy ALL=(ALL) NOPASSWD: ALL"',
    ),
  );
  it('have a group that ends in a space', refuses(web('operators: ["%web "]'), 'an entry of "operators" is "%web "'));
  it(
    'have an operator of two lines',
    refuses(web('operators: ["deploy\\nroot"]'), 'an entry of "operators" is "deploy\\nroot"'),
  );
  it.each(['a b', 'a/b', '-a', '""', '__proto__', 'constructor', 'prototype'])('name a daemon %s', (name) => {
    expect(shown(`daemons:\n  ${name}: {user: root}`)).toMatch(/^c\.yaml:2:3: .* cannot name a daemon/);
  });
  it('use a tag', refuses('daemons: !!js/function x', 'c.yaml:1:10: Unresolved tag'));
  it(
    'be two documents',
    refuses('daemons: {a: {user: root}}\n---\nx: 1', 'c.yaml:2:1: Source contains multiple documents'),
  );
  it('have a merge key', refuses('x: &x {user: root}\ndaemons: {a: {<<: *x}}', 'unknown key "<<"'));
  it(
    'be a bomb of aliases',
    refuses(
      `a: &a [x, x]\n${'bcdefghijklmnopqrstuvwxyz'
        .split('')
        .map((key, index) => {
          const last = String.fromCharCode(97 + index);
          return (
            `${key}: &${key} [*${last}, *${last}, *${last}, *${last}, *${last}, *${last}, *${last}, *${last}, ` +
            `*${last}]\n`
          );
        })
        .join('')}`,
      'uses too many aliases',
    ),
  );
  it('refer to itself', refuses('daemons: &a {web: {user: root, apps: *a}}', 'c.yaml:1:'));
  it(
    'be indented wrong',
    refuses('daemons:\n  web:\n   user: root\n    apps: [a]\n', 'c.yaml:3:10: Nested mappings are not allowed'),
  );
  it(
    'have a tab for a blank',
    refuses('daemons:\n\tweb:\n\t\tuser: root\n', 'c.yaml:2:1: Tabs are not allowed as indentation\n'),
  );
  it(
    'hide control characters in what is shown',
    refuses('daemons: {web: {user: "a\u001b[2J"}}', '"user" is "a\\u001b[2J"', 'daemons: {web: {user: "a\\x1b[2J"}}'),
  );
});

describe('errors', () => {
  it('are all told, in the order of the file', () => {
    expect(shown('mode: x\nbypass: y\ndaemons:\n  a: {usr: root}\n').match(/^c\.yaml:\d+:\d+/gm)).toEqual([
      'c.yaml:1:7',
      'c.yaml:2:9',
      'c.yaml:4:3',
      'c.yaml:4:7',
    ]);
  });
  it('of meaning too', () => {
    expect(
      shown('default: x\ndaemons:\n  a: {user: no-such-user-here}\n  b: {user: root, apps: ["[z-a]"]}\n').match(
        /^c\.yaml:\d+:\d+/gm,
      ),
    ).toEqual(['c.yaml:1:10', 'c.yaml:3:13', 'c.yaml:4:26']);
  });
  it('show a window of a line that is very long, with the caret at its place', () => {
    const [, line, caret] = shown(web(`apps: [${'abc, '.repeat(20_000)}12, ${'def, '.repeat(20_000)}]`)).split('\n');
    expect(line?.length).toBeLessThan(120);
    expect(line?.slice((caret ?? '').indexOf('^')).startsWith('12, def')).toBe(true);
  });
  it('put the caret right after tabs and control characters', () => {
    const [, line, caret] = shown('daemons: {web: {user: root, apps:\t["\u0085", 12]}}').split('\n');
    expect(line?.slice((caret ?? '').indexOf('^')).startsWith('12]')).toBe(true);
  });
});
