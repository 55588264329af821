import { afterAll, describe, expect, it } from 'vitest';
import { passLines } from '../../src/guard/report.ts';
import { leftOutLines, lostLines } from '../../src/guard/variables.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { becomeRootBy } from '../../src/terminal/root-command.ts';

// Other files of this process must not see it.
afterAll(() => {
  becomeRootBy('sudo');
});

const call = (line: string, env: NodeJS.ProcessEnv = {}) => interpret(line.split(' '), { major: 7, env, cwd: '/' });

describe('variables that the app does not get', () => {
  const said = (line: string, env: NodeJS.ProcessEnv = {}) => [
    ...lostLines(['PORT'], call(line, env)),
    ...leftOutLines({ leftOut: ['NPM_TOKEN'], variables: {} }, call(line, env)),
  ];
  it('are named', () => {
    expect(said('restart shop')).toHaveLength(2);
    expect(said('restart shop', { PM2_SILENT: 'false' })).toHaveLength(2);
  });
  it.each([
    ['--silent restart shop', {}],
    ['restart shop -s', {}],
    ['restart shop', { PM2_SILENT: 'true' }],
  ])('but not where the call asked for silence: %s %o', (line, env) => {
    expect(said(line, env)).toEqual([]);
  });
});

it.each([
  ['sudo', 'sudo pm2-guard doctor'],
  ['doas', 'doas /usr/local/bin/pm2-guard doctor'],
  ['root', 'pm2-guard doctor'],
] as const)('the note on a stray names a command of a host with %s', (way, command) => {
  becomeRootBy(way);
  const pass = { type: 'pass', code: 'PG006', rule: null, daemon: null, daemonless: false } as const;
  expect(passLines({ ...pass, report: 'stray', reason: 'it is in /srv/.pm2' })).toEqual([
    'pm2-guard: note: passed on unchanged: it is in /srv/.pm2, which the config does not declare; to look at it: ' +
      command,
  ]);
});
