import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../src/policy/policy.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { dropInOf, rulesIn } from '../../src/sudoers/drop-in.ts';
import { ruleOf, type GrantedUsers } from '../../src/sudoers/grants.ts';
import { runs } from '../random-runs.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync('/tmp/pg-sudoers-');
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function daemon(name: string, user: string, uid: number, operators: string[], home = `/home/${user}/.pm2`): Daemon {
  return {
    name,
    user,
    uid: asUid(uid),
    group: 'g',
    gid: asGid(uid),
    homeDirectory: `/home/${user}`,
    shell: '/bin/sh',
    pm2Home: asPm2Home(home),
    mode: 'rewrite',
    pm2: null,
    node: null,
    operators,
    line: 1,
  };
}

/** A host on which these users and groups exist, by their ids. */
function people(users: Record<string, number>, groups: Record<string, number> = {}): GrantedUsers {
  const known = (of: Record<string, number>, name: string) => {
    const id = Object.hasOwn(of, name) ? of[name] : undefined;
    return id === undefined
      ? null
      : {
          name,
          id,
          twin: Object.keys(of).some((other) => other !== name && other.toLowerCase() === name.toLowerCase()),
        };
  };
  return { user: (name) => known(users, name), group: (name) => known(groups, name) };
}

const HOST = people(
  {
    'www-data': 33,
    root: 0,
    toor: 0,
    alice: 1000,
    bob: 1001,
    ops: 1002,
    Bob: 1003,
    'a"b c': 1004,
    '#0': 1005,
    'CORP\\eve': 1006,
    'x\ny': 1007,
    ALL: 1008,
  },
  { web: 2000, '#27': 2001, 'domain users': 2002 },
);
const rules = (...daemons: Daemon[]): string[] => rulesIn(dropInOf('/etc/pm2-guard/config.yaml', daemons, HOST).text);
const web = (...operators: string[]): Daemon => daemon('web', 'www-data', 33, operators);
const as = (who: string, user = 'www-data'): string => `${who} ALL=(${user}) NOPASSWD:SETENV: ${SHIM}`;

describe('the rules for', () => {
  it('users and groups, users first', () => {
    expect(rules(web('%web', 'bob', 'alice'))).toEqual([as('alice, #1001, %web')]);
  });
  it('nobody', () => {
    expect(rules(web(), daemon('ops', 'ops', 1002, []))).toEqual([]);
  });
  it('two daemons of one user', () => {
    expect(rules(web('alice'), daemon('beta', 'www-data', 33, ['ops', 'alice'], '/srv/.pm2'))).toEqual([
      as('alice, ops'),
    ]);
  });
  it('two users of one uid', () => {
    expect(rules(daemon('a', 'root', 0, ['alice']), daemon('b', 'toor', 0, ['ops']))).toEqual([
      as('alice, ops', 'root'),
    ]);
  });
  it('two users', () => {
    expect(rules(web('alice'), daemon('ops', 'ops', 1002, ['alice']))).toEqual([as('alice', 'ops'), as('alice')]);
  });
  it('a user that sudo would mistake for another, by number', () => {
    expect(rules(web('Bob'), daemon('b', 'bob', 1001, ['alice']))).toEqual([as('alice', '#1001'), as('#1003')]);
  });
  it("the daemon's own user, and root: none", () => {
    expect(rules(web('www-data', 'root', 'toor'))).toEqual([]);
  });
  it('who does not exist: none', () => {
    expect(rules(web('mallory', '%nobody-here', 'alice'))).toEqual([as('alice')]);
  });
  it('a user with the name ALL', () => {
    expect(rules(web('ALL'))).toEqual([as('"ALL"')]);
  });
  it('quotes and spaces', () => {
    expect(rules(web('a"b c', '%domain users'))).toEqual([as('"a\\"b c", "%domain users"')]);
  });
  it('a user who is called like a uid', () => {
    expect(rules(web('#0'))).toEqual([as('#1005')]);
  });
  it('a group that is called like a gid', () => {
    expect(rules(web('%#27'))).toEqual([as('%#2001')]);
  });
  it('a domain', () => {
    expect(rules(web('CORP\\eve'))).toEqual([as('CORP\\\\eve')]);
  });
  it('a name that is two lines', () => {
    expect(rules(web('x\ny'))).toEqual([as('#1007')]);
  });
});

describe('the drop-in', () => {
  it('says loudly what pm2 as root is', () => {
    const { text, notes } = dropInOf(
      '/etc/pm2-guard/config.yaml',
      [daemon('system', 'root', 0, ['alice', '%web'])],
      HOST,
    );
    expect(notes).toEqual(['pm2 as root is root: alice, %web can do everything on this host (daemon system)']);
    expect(text).toContain(`# WARNING: ${notes[0] ?? ''}\n${as('alice, %web', 'root')}\n`);
  });
  it('names who gets no rule, and why', () => {
    const { text, notes } = dropInOf(
      '/etc/pm2-guard/config.yaml',
      [web('mallory\n', '%gone', 'www-data', 'root')],
      HOST,
    );
    expect(text.split('\n').filter((line) => line.startsWith('# no rule'))).toEqual([
      '# no rule for "mallory\\n": there is no such user',
      '# no rule for root: may do that already',
      '# no rule for www-data: is that user already',
      '# no rule for %gone: there is no such group',
    ]);
    expect(notes).toContain('operators of web: %gone: there is no such group');
  });
  it('does not depend on the order of the config', () => {
    const daemons = [
      web('bob', 'alice', '%web', 'gone'),
      daemon('beta', 'www-data', 33, ['ops'], '/srv/.pm2'),
      daemon('ops', 'ops', 1002, ['alice', '%web']),
    ];
    const turned = daemons.map((one) => ({ ...one, operators: [...one.operators].reverse() })).reverse();
    expect(dropInOf('/c.yaml', turned, HOST)).toEqual(dropInOf('/c.yaml', daemons, HOST));
  });
  it('takes a rule that begins with a uid for one', () => {
    expect(rulesIn('# comment\n#\n#1000 ALL=(ALL) ALL\n#include /x\n\nalice ALL=ALL\n')).toEqual([
      '#1000 ALL=(ALL) ALL',
      '#include /x',
      'alice ALL=ALL',
    ]);
  });
});

interface Spec {
  User_List: Record<string, string | number>[];
  Cmnd_Specs: {
    runasusers: Record<string, string | number>[];
    runasgroups?: unknown;
    Options: Record<string, boolean>[];
    Commands: Record<string, string>[];
  }[];
}

/** What sudo's own parser makes of a text. */
function parsed(text: string): Spec[] {
  const file = join(scratch, 'sudoers');
  writeFileSync(file, text, { mode: 0o440 });
  const visudo = spawnSync('/usr/sbin/visudo', ['-c', '-f', file], { encoding: 'utf8' });
  expect(`${visudo.status} ${visudo.stdout}${visudo.stderr}`).toBe(`0 ${file}: parsed OK\n`);
  const { stdout, stderr } = spawnSync('/usr/bin/cvtsudoers', ['-f', 'json', '-e', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  // empty: nothing but comments
  return stdout === '' ? [] : ((JSON.parse(stdout) as { User_Specs?: Spec[] }).User_Specs ?? []);
}

const letters = [
  'a',
  'b',
  'z',
  'A',
  'B',
  'Z',
  '0',
  '1',
  '9',
  '"',
  '\\',
  ' ',
  '#',
  '%',
  '!',
  '+',
  '@',
  ':',
  ',',
  '=',
  '(',
  ')',
  '*',
  '?',
  '[',
  '$',
  '-',
  '.',
  '_',
  "'",
  'é',
  '日',
  '/',
  '\t',
  '\n',
  '\r',
  '\0',
  '~',
  '&',
  '|',
  '<',
  '^',
  '{',
  '\u202e',
  '\ud800',
];
const nasty = [
  'ALL',
  'Defaults',
  'User_Alias',
  '@include /etc/passwd',
  'include',
  '#include /etc/passwd',
  '#includedir',
  '#0',
  '#-1',
  '\\',
  'a\\',
  'x\\x41',
  'root',
  'WEB',
  'alice\nALL ALL=(ALL) ALL',
  '!alice',
  '+net',
  '%',
  '%#0',
  '%:x',
  '',
  ' ',
];
const name = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const operator = fc.tuple(fc.boolean(), name).map(([group, text]) => (group ? '%' : '') + text);

describe('whatever the names are', () => {
  it("sudo's own parser accepts the file, and reads in it exactly the operators, the user and the shim", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            user: name.filter((text) => !text.includes('\0')),
            operators: fc.array(operator, { maxLength: 6 }),
          }),
          { maxLength: 4 },
        ),
        fc.boolean(),
        (drafts, exist) => {
          // Every name is another user, so that a rule for a number can be told from a rule for a name.
          const users = new Map(
            [
              ...new Set(
                drafts.flatMap(({ user, operators }) => [user, ...operators.filter((text) => !text.startsWith('%'))]),
              ),
            ].map((text, index) => [text, 1000 + index]),
          );
          const groups = new Map(
            [
              ...new Set(
                drafts.flatMap(({ operators }) =>
                  operators.filter((text) => text.startsWith('%')).map((text) => text.slice(1)),
                ),
              ),
            ].map((text, index) => [text, 5000 + index]),
          );
          const all: GrantedUsers = {
            user: (text) => (exist && users.has(text) ? { name: text, id: users.get(text) ?? 0, twin: false } : null),
            group: (text) =>
              exist && groups.has(text) ? { name: text, id: groups.get(text) ?? 0, twin: false } : null,
          };
          const daemons = drafts.map(({ user, operators }, index) =>
            daemon(`d${index}`, user, users.get(user) ?? 0, operators, `/srv/${user}`),
          );
          const { text, grants } = dropInOf('/etc/pm2-guard/config.yaml', daemons, all);
          const said = ({
            username,
            userid,
            usergroup,
            usergid,
            ...others
          }: Record<string, string | number>): string => {
            expect(others).toEqual({});
            return username !== undefined
              ? `user ${users.get(String(username)) ?? `unknown ${username}`}`
              : userid !== undefined
                ? `user ${userid}`
                : usergroup !== undefined
                  ? `group ${groups.get(String(usergroup)) ?? `unknown ${usergroup}`}`
                  : `group ${String(usergid)}`;
          };
          const meant = (who: string): string =>
            who.startsWith('%') ? `group ${groups.get(who.slice(1)) ?? '?'}` : `user ${users.get(who) ?? '?'}`;
          const got = parsed(text)
            .flatMap(({ User_List, Cmnd_Specs }) =>
              Cmnd_Specs.map((spec) => {
                expect(spec).toEqual({
                  runasusers: spec.runasusers,
                  Options: [{ authenticate: false }, { setenv: true }],
                  Commands: [{ command: SHIM }],
                });
                return `${User_List.map(said).sort().join()} as ${spec.runasusers.map(said).join()}`;
              }),
            )
            .sort();
          const wanted = grants
            .filter((grant) => ruleOf(grant) !== null)
            .map(
              ({ user, operators }) =>
                `${operators
                  .map((one) => meant(one.name))
                  .sort()
                  .join()} as user ${users.get(user) ?? '?'}`,
            )
            .sort();
          expect(got).toEqual(wanted);
          // No existing user was left out.
          const owed = daemons.flatMap(({ operators, uid, user }) =>
            operators
              .filter((one) => exist && (one.startsWith('%') || users.get(one) !== uid))
              .map((one) => `${meant(one)} as ${user}`),
          );
          const given = grants.flatMap(({ user, operators }) =>
            operators.map((one) => `${meant(one.name)} as ${user}`),
          );
          expect(new Set(given)).toEqual(new Set(owed));
        },
      ),
      runs(300),
    );
  });
});
