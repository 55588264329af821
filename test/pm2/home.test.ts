import { asPm2Home } from '../../src/runtime/brands.ts';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dumpFile, PATH_OVERRIDES, resolvePm2Home, rpcSocket } from '../../src/pm2/home.ts';
import type { Major } from '../../src/pm2/invocation.ts';

const versions: [string, Major][] = [
  ['5.4.3', 5],
  ['6.0.14', 6],
  ['7.0.4', 7],
];
const pm2 = (version: string) => resolve('.cache/pm2', version, 'lib/node_modules/pm2');
const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
const homeDirectory = userInfo().homedir;

/**
 * What the real paths.js says, for many environments in one child: PM2_HOME and the whole structure; null where it
 * throws.
 */
function real(version: string, environments: Record<string, string>[]): (Record<string, unknown> | null)[] {
  const program = `
    console.error = () => {};
    const paths = require(${JSON.stringify(join(pm2(version), 'paths.js'))});
    process.stdout.write(JSON.stringify(${JSON.stringify(environments)}.map((env) => {
      for (const key of Object.keys(process.env)) delete process.env[key];
      Object.assign(process.env, env);
      try { return paths(process.env.OVER_HOME); } catch { return null; }
    })));`;
  return JSON.parse(
    execFileSync(process.execPath, ['-'], { input: program, cwd, encoding: 'utf8', env: {}, maxBuffer: 64 << 20 }),
  ) as (Record<string, unknown> | null)[];
}

/** constants.js itself, in a child that was started with this environment. */
function constants(version: string, env: Record<string, string>): string {
  const file = JSON.stringify(join(pm2(version), 'constants.js'));
  const program = `console.error = () => {}; process.stdout.write(require(${file}).PM2_HOME)`;
  return execFileSync(process.execPath, ['-e', program], { cwd, encoding: 'utf8', env });
}

const table: [what: string, env: Record<string, string>][] = [
  ['HOME', { HOME: '/srv/app' }],
  ['HOME unset', {}],
  ['HOME empty', { HOME: '' }],
  ['HOME=/', { HOME: '/' }],
  ['HOME relative', { HOME: 'there' }],
  ['HOME with dots', { HOME: '/srv/x/../app/' }],
  ['PM2_HOME', { HOME: '/root', PM2_HOME: '/var/www/.pm2' }],
  ['PM2_HOME without HOME', { PM2_HOME: '/var/www/.pm2' }],
  ['PM2_HOME empty', { HOME: '/root', PM2_HOME: '' }],
  ['PM2_HOME relative', { HOME: '/root', PM2_HOME: 'x/.pm2' }],
  ['PM2_HOME with a tilde', { HOME: '/root', PM2_HOME: '~/.pm2' }],
  ['PM2_HOME with a slash at its end', { HOME: '/root', PM2_HOME: '/var/www/.pm2/' }],
  ['OVER_HOME before PM2_HOME', { HOME: '/root', PM2_HOME: '/a', OVER_HOME: '/b' }],
  ['OVER_HOME empty', { HOME: '/root', PM2_HOME: '/a', OVER_HOME: '' }],
  ['OVER_HOME relative', { HOME: '/root', OVER_HOME: 'b' }],
  ['HOMEPATH beside HOME', { HOME: '/root', HOMEPATH: '/x', HOMEDRIVE: '/d' }],
  ['HOMEPATH instead of HOME', { HOMEPATH: 'x', HOMEDRIVE: '/d' }],
  ['HOMEPATH with HOME empty', { HOME: '', HOMEPATH: '/x' }],
  ['PM2_ROOT_PATH is ignored', { HOME: '/root', PM2_ROOT_PATH: '/x' }],
  ['SUDO_USER is ignored', { HOME: '/root', SUDO_USER: 'deploy', USER: 'deploy' }],
];

describe.each(versions)('PM2 %s', (version, major) => {
  it.each(table)('%s', (_, env) => {
    expect(resolvePm2Home(env, { major, homeDirectory, cwd })).toBe(resolve(cwd, constants(version, env)));
  });

  it('agrees with any environment', () => {
    const value = fc.constantFrom(
      '',
      '/',
      '.',
      '..',
      'a',
      './a b',
      '/x',
      '/x/',
      '//x',
      '/x/../y',
      '~',
      '~/z',
      'é',
      '/x/.pm2',
    );
    const environment = fc.record(
      { HOME: value, PM2_HOME: value, OVER_HOME: value, HOMEPATH: value, HOMEDRIVE: value },
      { requiredKeys: [] },
    );
    const environments = fc.sample(environment, 3000) as Record<string, string>[];
    const answers = real(version, environments);
    let compared = 0;
    environments.forEach((env, index) => {
      const answer = answers[index];
      if (!answer) return; // HOMEPATH without HOMEDRIVE: PM2 5 and 6 crash
      compared += 1;
      expect([env, resolvePm2Home(env, { major, homeDirectory, cwd })]).toEqual([
        env,
        resolve(cwd, String(answer.PM2_HOME)),
      ]);
    });
    expect(compared).toBeGreaterThan(2000);
  });

  it('knows every variable that moves a path, and no other', () => {
    const [plain] = real(version, [{ HOME: '/h' }]);
    const keys = Object.keys(plain ?? {});
    const candidates = [...new Set([...PATH_OVERRIDES, ...keys, ...keys.map((key) => `PM2_${key}`)])].filter(
      (key) => key !== 'PM2_HOME',
    );
    const answers = real(
      version,
      candidates.map((key) => ({ HOME: '/h', [key]: '/moved' })),
    );
    const moving = candidates.filter((_, index) => JSON.stringify(answers[index]) !== JSON.stringify(plain));
    // The Windows names need each other, or a HOME that is unset, to show an effect.
    expect(moving.sort()).toEqual(PATH_OVERRIDES.filter((key) => key !== 'HOMEPATH' && key !== 'HOMEDRIVE').sort());
  });

  it('names the socket and the dump', () => {
    const [plain] = real(version, [{ HOME: '/h' }]);
    expect([rpcSocket(asPm2Home('/h/.pm2')), dumpFile(asPm2Home('/h/.pm2'))]).toEqual([
      plain?.DAEMON_RPC_PORT,
      plain?.DUMP_FILE_PATH,
    ]);
  });
});

it('has no home where passwd has none', () => {
  expect(resolvePm2Home({}, { major: 7, homeDirectory: null, cwd })).toBe('/etc/.pm2');
});
