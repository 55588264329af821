import { describe, expect, it } from 'vitest';
import { classOfCommand, COMMANDS } from '../../src/verdict/command-class.ts';
import { vocabulary } from '../../src/pm2/grammar.ts';
import { verdict } from './cases.ts';
import { app, lives } from './rows.ts';

/** web is the default; root and deploy are not declared. */
const CONFIG = `
default: web
daemons:
  web: {user: www-data, home: /var/www/.pm2, apps: [myapp, "shop-*"], paths: [/var/www/html], operators: [deploy]}
  ops: {user: ops, apps: [backup]}
`;
const alive = (...names: string[]) => ({
  own: { state: 'callers' as const, user: null, apps: names.map((name) => app(name)) },
});
const others = { own: { state: 'others' as const, user: 'bob', apps: [] } };

/** The five ways in which a caller can stand, with what lives at the daemon that plain pm2 would use. */
const SITUATIONS = {
  declared: ['ops', {}],
  lost: ['ops HOME=/srv/app', {}],
  chosen: ['root PM2_HOME=/root/.pm2', alive('old')],
  'chosen, of another user': ['root PM2_HOME=/home/bob/.pm2', others],
  'chosen, not alive': ['root PM2_HOME=/srv/x', {}],
  alive: ['deploy', alive('devapp')],
  absent: ['deploy>root', {}],
} as const;
type Situation = keyof typeof SITUATIONS;

/** Calls without evidence that have the same result in each situation: declared, lost, chosen, of another, ... */
const ROWS: readonly { calls: readonly string[]; results: readonly string[] }[] = [
  {
    calls: ['list', 'jlist', 'logs', 'describe nosuch'],
    results: ['pass ops', 'rewrite ops', 'pass PG007', 'block PG105', 'block PG105', 'rewrite web', 'rewrite web'],
  },
  {
    calls: ['start /srv/new.js', 'install pm2-logrotate', 'restart nosuch'],
    results: ['pass ops', 'rewrite ops', 'block PG105', 'block PG105', 'block PG105', 'rewrite web', 'rewrite web'],
  },
  {
    calls: ['restart all', 'restart 0', 'reload /x.*/', 'start all', 'update', 'save', 'resurrect'],
    results: ['pass ops', 'rewrite ops', 'block PG105', 'block PG105', 'block PG105', 'block PG109', 'rewrite web'],
  },
  {
    calls: [
      'kill',
      'delete all',
      'stop 0',
      'delete /.*/',
      'stop nosuch',
      'flush',
      'cleardump',
      'save --force',
      'uninstall pm2-logrotate',
    ],
    results: ['pass ops', 'block PG109', 'block PG105', 'block PG105', 'block PG105', 'block PG109', 'block PG109'],
  },
];
/** Calls that need no daemon, in every situation. */
const NEED_NONE = [
  '-v',
  '--version',
  '--help',
  'restart --help',
  'examples',
  'init',
  'ecosystem simple',
  'completion',
  'package .',
  'module:generate x',
  'deploy production',
  'nonsense',
  '',
  'restart',
];

describe('a call that no evidence settles', () => {
  for (const { line, results } of ROWS.flatMap(({ calls, results }) => calls.map((line) => ({ line, results })))) {
    for (const [at, situation] of (Object.keys(SITUATIONS) as Situation[]).entries()) {
      const [who, evidence] = SITUATIONS[situation];
      it(`${line}, own daemon ${situation}: ${results[at] ?? ''}`, () => {
        expect(verdict(CONFIG, who, line, evidence)).toBe(results[at]);
      });
    }
  }
  for (const line of NEED_NONE) {
    for (const [who, evidence] of Object.values(SITUATIONS)) {
      it(`"${line}" needs no daemon: ${who}`, () => {
        expect(verdict(CONFIG, who, line, evidence)).toBe('pass PG005');
      });
    }
  }
});

describe('evidence', () => {
  const row = (what: string, who: string, line: string, evidence: object, want: string) => {
    it(`${what}: ${who}: ${line}`, () => {
      expect(verdict(CONFIG, who, line, evidence)).toBe(want);
    });
  };
  row('a rule redirects what ends', 'root', 'delete myapp', {}, 'rewrite web');
  row('a rule redirects what ends, from a chosen daemon', 'root PM2_HOME=/srv/x', 'stop myapp', {}, 'rewrite web');
  row('the app also lives in the own daemon', 'root', 'delete myapp', alive('myapp'), 'block PG109');
  row('it also lives in the own daemon, and is only restarted', 'root', 'restart myapp', alive('myapp'), 'rewrite web');
  row('it also lives in the own daemon, which is declared', 'ops', 'stop myapp', lives('ops', 'myapp'), 'block PG109');
  row('it lives in the own daemon alone', 'deploy', 'restart devapp', alive('devapp'), 'pass PG006');
  row('it lives in the own daemon alone, and ends', 'deploy', 'delete devapp', alive('devapp'), 'pass PG006');
  row('it lives in the own daemon alone, and is read', 'deploy', 'logs devapp', alive('devapp'), 'pass PG006');
  row('it lives in the chosen daemon alone', 'root PM2_HOME=/root/.pm2', 'stop old', alive('old'), 'pass PG006');
  row('it is started again where it lives', 'deploy', 'start devapp', alive('devapp'), 'pass PG006');
  row('a new one is not drawn there', 'deploy', 'start /srv/new.js', alive('devapp'), 'rewrite web');
  row('a declared daemon has it', 'root', 'delete worker', lives('web', 'worker'), 'rewrite web');
  row(
    'a declared daemon and the own one have it',
    'root',
    'restart worker',
    { ...lives('web', 'worker'), ...alive('worker') },
    'rewrite web',
  );
  row(
    'a declared daemon and the own one have it, and it ends',
    'root',
    'stop worker',
    { ...lives('web', 'worker'), ...alive('worker') },
    'block PG109',
  );
  row('a list draws nothing new', 'root', 'start /srv/worker.js --name worker', lives('ops', 'worker'), 'rewrite web');
  row('a bare word restarts what a list has', 'root', 'start worker', lives('ops', 'worker'), 'rewrite ops');
  row('a number rides along nowhere', 'root', 'delete myapp 3', {}, 'block PG109');
  row('a number rides along to the same daemon', 'root', 'restart myapp 3', {}, 'rewrite web');
  row('a number may be one of the own daemon', 'root', 'restart myapp 3', alive('old'), 'block PG109');
  row('an unknown name does not ride along into an end', 'root', 'stop myapp typo', {}, 'block PG109');
  row('a pattern never ends what a rule names', 'root', 'delete /my/', {}, 'block PG109');
  row('a pattern restarts what rules name', 'root', 'restart /my/', {}, 'rewrite web');
  row('one app here, one there', 'deploy', 'restart myapp devapp', alive('devapp'), 'block PG104');
  row('PM2_HOME names a declared daemon', 'root PM2_HOME=/var/www/.pm2', 'kill', {}, 'rewrite web');
});

describe('every command of PM2', () => {
  for (const version of ['5.4.3', '6.0.14', '7.0.4']) {
    const major = Number(version[0]) as 5 | 6 | 7;
    it(`${version}: has exactly one class`, () => {
      const commands = vocabulary(major).commands.filter((command) => command !== '*');
      expect(commands.filter((command) => classOfCommand(command) === null)).toEqual([]);
    });
  }
  it('is listed once, and is a command of some PM2', () => {
    const listed = Object.values(COMMANDS).flatMap((commands) => commands.split(' '));
    const known = ([5, 6, 7] as const).flatMap((major) => vocabulary(major).commands);
    // PM2 answers `completion` before commander sees it.
    expect(listed.filter((command) => !known.includes(command))).toEqual(['completion']);
    expect(listed.filter((command, at) => listed.indexOf(command) !== at)).toEqual([]);
  });
});
