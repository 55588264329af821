import { describe, expect, it } from 'vitest';
import { advice, decided } from './cases.ts';
import { policyFrom } from './policies.ts';
import { app, WEB } from './rows.ts';

const NONE = { state: 'none' as const, user: null, apps: [] };
const list = (daemon: string, ...names: string[]) => ({
  daemon,
  source: 'socket' as const,
  apps: names.map((name) => app(name)),
});
const asked = (line: string, ...sights: ReturnType<typeof list>[]) =>
  decided(policyFrom(WEB), 'root', line, { files: new Map(), own: NONE, sights });

describe('a call that names a known app and something else', () => {
  it.each([
    ['stop backup typo', 'no app "typo" was found'],
    ['delete typo backup', 'no app "typo" was found'],
    ['stop backup 3', 'names an app by its number'],
    ['delete backup /ba/', 'names apps by a pattern'],
  ])('%s: says what is in doubt', (line, reason) => {
    expect(asked(line)).toMatchObject({
      type: 'block',
      code: 'PG109',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it('offers no daemon whose list lacks the missing name', () => {
    expect(advice(asked('stop backup typo', list('web', 'myapp')))).toEqual([
      'sudo -u ops PM2_HOME=/home/ops/.pm2 pm2 stop backup typo',
    ]);
  });

  it('offers the default daemon whose list could not be read', () => {
    expect(advice(asked('stop backup typo'))).toHaveLength(2);
  });
});

describe('a call that ends apps of which only some are in both daemons', () => {
  const both = (line: string, ...names: string[]) =>
    decided(policyFrom(WEB), 'deploy', line, {
      files: new Map(),
      own: { state: 'callers', user: 'deploy', apps: names.map((name) => app(name)) },
      sights: [list('web', 'myapp', 'shop-1', 'shop-2')],
    });
  it.each([
    ['delete myapp shop-1', ['shop-1'], 'shop-1 runs in two daemons, and'],
    ['stop myapp shop-1 shop-2', ['myapp', 'shop-2'], 'myapp, shop-2 run in two daemons, and'],
  ])('%s names those', (line, names, reason) => {
    expect(both(line, ...names)).toMatchObject({
      code: 'PG109',
      reason: expect.stringMatching(new RegExp(`^${reason}`)) as string,
    });
  });
});

it('a block about a process file names the apps of --only', () => {
  const verdict = decided(
    policyFrom(`mode: block\n${WEB.trimStart()}`),
    'ops',
    'start eco.config.js --only myapp,shop-1',
    {
      files: new Map(),
      own: NONE,
      sights: [],
    },
  );
  expect(verdict).toMatchObject({
    code: 'PG101',
    details: [expect.stringContaining('myapp, shop-1 belongs to daemon "web"')],
  });
});
