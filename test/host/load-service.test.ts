import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dependsOnVersion, environmentFile } from '../../src/host/boot/environment-file.ts';
import { loadService, unitPlaces } from '../../src/host/boot/load-service.ts';
import { systemdVersion } from '../../src/host/boot/systemd.ts';
import type { Manager } from '../../src/host/boot/unit-specifiers.ts';
import { asUid } from '../../src/runtime/brands.ts';
import { randomNumbers, runs } from '../random-runs.ts';

const ANALYZE = '/usr/bin/systemd-analyze';
const GENERATOR = '/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator';
const PLACES = ['etc/systemd/system', 'run/systemd/system', 'usr/local/lib/systemd/system', 'usr/lib/systemd/system'];
const run = promisify(execFile);
const random = randomNumbers();
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'systemd-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
const load = (name: string, file: string, manager: Manager = null, aliases: string[] = []) =>
  loadService([name, ...aliases], join(root, file), unitPlaces(PLACES.map((place) => join(root, place))), manager);

/**
 * The files that systemd itself reads for a unit, in its order: it warns of a key that it does not know in each of
 * them.
 */
async function readBySystemd(unit: string): Promise<string[]> {
  const { stderr } = await run(ANALYZE, [`--root=${root}`, '--man=no', '--recursive-errors=no', 'verify', unit], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  }).catch((error: unknown) => error as { stderr: string });
  return [...stderr.matchAll(/^(\S+?):\d+: Unknown key/gm)].map(([, file = '']) => file.slice(root.length + 1));
}

describe.runIf(existsSync(ANALYZE))('a unit with drop-ins', () => {
  const randomTree = () => {
    const prefix = pick(['pm2', 'pm2-a', 'pm2-a-b']);
    const unit = `${prefix}${pick(['', '', '@ops', '@ops-x'])}.service`;
    const file = `${pick(PLACES)}/${unit.replace(/@.*\./, '@.')}`;
    const stems = ['pm2', 'pm2-', 'pm2-a', 'pm2-a-', 'pm2-a-b', 'pm2-b-', '-'].flatMap((stem) =>
      ['', '@', '@ops', '@ops-x'].map((instance) => `${stem}${instance}.service.d`),
    );
    const files = Array.from({ length: 25 }, () => {
      const directory = pick([...stems, 'service.d', `${prefix}-.service.d`, `${unit}.d`]);
      const name = pick(['10', '20-b', '20-a', '9', 'x']) + pick(['.conf', '.conf', '.conf', '.txt']);
      return `${pick(PLACES)}/${directory}/${name}`;
    });
    const alias = pick([null, 'web', 'b-web'])?.concat(unit.replace(/^[^@.]*/, '')) ?? null;
    const ofAlias = ['web', 'b-web', 'b-'].map(
      (stem) => `${pick(PLACES)}/${stem}${pick(['', '@'])}.service.d/a${pick(['10', 'y'])}.conf`,
    );
    return { unit, file, alias, files: [...new Set([...files, ...ofAlias])] };
  };
  it.each(Array.from({ length: 30 }, randomTree))('$unit as systemd reads it', async ({ unit, file, alias, files }) => {
    write(file, `[Service]\nExecStart=/bin/true\nUnknown=${file}\n`);
    for (const [index, path] of files.entries()) {
      write(path, `[Service]\nUnknown=${path}\n`);
      if (index % 7 === 6) {
        rmSync(join(root, path));
        symlinkSync('/dev/null', join(root, path)); // hides those of its name, and says nothing
      }
    }
    if (alias !== null) {
      mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
      const link = alias.replace(/@.*\./, '@.');
      symlinkSync(join('/', file), join(root, 'etc/systemd/system', link));
    }
    const ours = (load(unit, file, null, alias === null ? [] : [alias])?.files ?? [])
      .filter((path) => realpathSync(path) !== '/dev/null')
      .map((path) => path.slice(root.length + 1));
    expect(ours).toEqual(await readBySystemd(unit));
    expect(ours[0]).toBe(file);
  });
});

it('is nothing where it is masked, whatever drop-ins it has', () => {
  write('etc/systemd/system/pm2-x.service.d/10.conf', '[Service]\nEnvironment=PM2_HOME=/x\n');
  symlinkSync('/dev/null', join(root, 'etc/systemd/system/pm2-x.service'));
  expect(load('pm2-x.service', 'etc/systemd/system/pm2-x.service')).toBeNull();
});

it('has the variables of its files, which win; a file that is not there has none', () => {
  write('env', 'PM2_HOME=/srv/%i\nB=2\n');
  write(
    'etc/systemd/system/pm2@.service',
    `[Service]
EnvironmentFile=/nowhere
EnvironmentFile=
EnvironmentFile=${root}/%p-env
EnvironmentFile=-${root}/env
Environment=PM2_HOME=/a A=1
`,
  );
  write('pm2-env', 'B=1\nC=3\n');
  expect(load('pm2@ops.service', 'etc/systemd/system/pm2@.service')?.env).toEqual({
    PM2_HOME: '/srv/%i',
    A: '1',
    B: '2',
    C: '3',
  });
  // A user's own unit may name what root alone can read.
  const ops = { name: 'ops', uid: asUid(1002), homeDirectory: '/home/ops' };
  const loaded = load('pm2@ops.service', 'etc/systemd/system/pm2@.service', ops);
  expect(loaded?.env).toEqual({ PM2_HOME: '/a', A: '1' });
});

it('has the variables of all files that a wildcard matches, in the order of their names', () => {
  for (const [name, text] of [
    ['conf.d/20-home.env', 'PM2_HOME=/srv/b\n'],
    ['conf.d/10-home.env', 'PM2_HOME=/srv/a\nA=1\n'],
    ['conf.d/.hidden.env', 'PM2_HOME=/srv/c\n'],
    ['conf.d/30-home.txt', 'PM2_HOME=/srv/d\n'],
    ['other.d/x(1).env', 'B=1\n'],
  ] as const)
    write(name, text);
  const envOf = (path: string) => {
    write('etc/systemd/system/x.service', `[Service]\nEnvironment=C=1\nEnvironmentFile=-${root}/${path}\n`);
    const { env, isClear } = load('x.service', 'etc/systemd/system/x.service') ?? {};
    return isClear === true ? env : null;
  };
  expect(envOf('conf.d/*.env')).toEqual({ A: '1', C: '1', PM2_HOME: '/srv/b' });
  expect(envOf('conf.d/[!2]?-*.env')).toEqual({ A: '1', C: '1', PM2_HOME: '/srv/a' });
  expect(envOf('conf.[a-d]/[3]0-*')).toEqual({ C: '1', PM2_HOME: '/srv/d' });
  expect(envOf('*.d/x(1).e?v')).toEqual({ B: '1', C: '1' });
  expect(envOf('conf.d/.h*')).toEqual({ C: '1', PM2_HOME: '/srv/c' });
  expect(envOf('conf.d/*.none')).toEqual({ C: '1' });
  for (const unknown of ['conf.d/[[:digit:]]*', 'conf.d/\\*', 'conf.d/[9-0]*']) expect(envOf(unknown)).toBeNull();
});

describe.runIf(existsSync(GENERATOR))('an environment file', () => {
  const parts = [
    'a',
    'b c',
    ' ',
    '\t',
    '"',
    '"',
    "'",
    "'",
    '\\',
    '\\\n',
    '#',
    ';',
    '=',
    'ä',
    '\n',
    '\nV=',
    '\nV = ',
    '\n  V=',
    '\n#',
    '\n;x',
    '\r',
    '\r\n',
    '\f',
  ];
  const ESCAPES: Record<string, string> = { n: '\n', t: '\t', f: '\f', r: '\r' };
  /** The generator of environment.d(5) reads with the same parser, and says what it read. */
  const readByGenerator = async (text: string) => {
    write('.config/environment.d/a.conf', text);
    const { stdout } = await run(GENERATOR, [], { env: { XDG_CONFIG_HOME: join(root, '.config'), HOME: root } }).catch(
      () => ({ stdout: null }),
    );
    const plain = (value: string) =>
      value.startsWith('"')
        ? value.slice(1, -1).replace(/\\([^])/g, (_, next: string) => ESCAPES[next] ?? next)
        : value;
    return stdout === null
      ? null
      : Object.fromEntries(
          [...stdout.matchAll(/^(V\d)=(.*)$/gm)].map(([, name = '', value = '']) => [name, plain(value)]),
        );
  };
  /** An empty value is left out there, and here it is empty. */
  const filled = (env: Record<string, string>) =>
    Object.fromEntries(Object.entries(env).filter(([name, value]) => /^V\d$/.test(name) && value !== ''));
  it.each([
    'V1=a b',
    'V1="a b" \'c\'d',
    'V1=a"b"',
    "V1='a\\'",
    'V1="a\\"b\\c\\$"',
    'V1=a\\\nb\nV2=c',
    '# V1=a\n;V2=b\nV3=c # d',
    ' V1 = a ',
    'V1=',
    'V1="a\nb"',
    'V1=/srv/a\r\nV2="/srv/b"\r\nV3=c\r\n',
    'V1=a\rV2=b\\\r\nc',
    '# x \\\nV1=a\nV2=b',
    '\fV1=a\nV2=b',
  ])('%j', async (text) => {
    expect(filled(environmentFile(text, systemdVersion()))).toEqual(await readByGenerator(text));
  });
  it('is read as systemd reads it, of whatever parts', async () => {
    let read = 0;
    const rounds = runs(300).numRuns;
    for (let round = 0; round < rounds; round++) {
      let names = 0;
      const text = `V=${Array.from({ length: 1 + Math.floor(random() * 9) }, () => pick(parts)).join('')}\n`.replace(
        /V/g,
        () => `V${names++}`,
      );
      const wanted = await readByGenerator(text);
      if (wanted === null) continue;
      read++;
      expect({ text, env: filled(environmentFile(text, systemdVersion())) }).toEqual({ text, env: filled(wanted) });
    }
    expect(read).toBeGreaterThan((rounds * 2) / 3);
  });
});

// NEWS of systemd 254.
it.each([
  ['# x \\\nPM2_HOME=/a\nB=1', 252, { B: '1' }, true],
  ['# x \\\nPM2_HOME=/a\nB=1', 254, { PM2_HOME: '/a', B: '1' }, true],
  ['# x \\\nPM2_HOME=/a\nB=1', null, { PM2_HOME: '/a', B: '1' }, true],
  ['; x \\\r\nPM2_HOME=/a\r\n', 252, { PM2_HOME: '/a' }, true],
  ['; x \\y\nPM2_HOME="/a"\r\n', 257, { PM2_HOME: '/a' }, false],
])('an environment file %j is for systemd %s: %j', (text, version, env, depends) => {
  expect(environmentFile(text, version)).toEqual(env);
  expect(dependsOnVersion(text)).toBe(depends);
});
