import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { buildReader } from './private-host.ts';

// cosmiconfig 9 looks for a "meta config" in the current directory whenever an explorer is made, and runs it where it
// is code. A call of pm2 as root in another user's directory (a deploy user's checkout) would run that user's
// file as root.

const root = join(import.meta.dirname, '../..');
let reader: string;
const top = mkdtempSync(join(tmpdir(), 'pg-trap-'));
beforeAll(async () => {
  reader = await buildReader();
  await bundle({ 'read-config': 'src/policy/read-config.ts' }, top);
});
afterAll(() => {
  for (const path of [reader, top]) rmSync(path, { recursive: true });
});

const code = (mark: string): string =>
  `require('node:fs').writeFileSync(${JSON.stringify(mark)}, 'run'); module.exports = {};`;
const TRAPS: Record<string, (mark: string) => string> = {
  '.config/config.js': code,
  '.config/config.cjs': code,
  '.config/config.ts': code,
  '.config/config.json': () => '{"cosmiconfig": {"loaders": {}}}',
  '.config/config.yaml': () => 'cosmiconfig: {loaders: {}}\n',
  'package.json': () => '{"cosmiconfig": {"loaders": {}}}',
  '.cosmiconfigrc': () => 'loaders: {}\n',
  '.pm2-guardrc.js': code,
  '.config/pm2-guardrc.js': code,
  'pm2-guard.config.js': code,
  'pm2-guard.config.cjs': code,
  'pm2-guard.config.mjs': (mark) =>
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, 'run');`,
  'node_modules/yaml/index.js': code,
  'node_modules/cosmiconfig/index.js': code,
  'load-policy.cjs': code,
};

/** A directory of another user, with traps in it. */
function hostile(...files: string[]): { directory: string; mark: string } {
  const directory = mkdtempSync(join(top, 'cwd-'));
  const mark = join(directory, 'mark');
  for (const file of files) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), TRAPS[file]?.(mark) ?? '');
  }
  return { directory, mark };
}

const node = (cwd: string, ...args: string[]) => spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });

/** A tool as cosmiconfig's manual has it: our own search places and loaders, and only `load`. */
const plain = (config: string): string => `
  const { cosmiconfigSync } = require(${JSON.stringify(join(root, 'node_modules/cosmiconfig'))});
  const loader = (path, text) => JSON.parse(text);
  const options = {
    searchPlaces: [${JSON.stringify(config)}], loaders: { '.json': loader }, cache: false, searchStrategy: 'none',
  };
  console.log(JSON.stringify(cosmiconfigSync('pm2-guard', options).load(${JSON.stringify(config)}).config));`;
const ours = (config: string): string =>
  `console.log(require(${JSON.stringify(join(top, 'read-config.cjs'))}).readConfig(${JSON.stringify(config)}).type)`;

describe('the current directory has no say in the config', () => {
  const config = join(top, 'config.json');
  writeFileSync(config, '{"daemons": {"web": {"user": "root"}}}');

  it.each(['.config/config.js', '.config/config.cjs'])('plain cosmiconfig runs ./%s', (file) => {
    const { directory, mark } = hostile(file);
    expect(node(directory, '-e', plain(config))).toMatchObject({
      status: 0,
      stdout: '{"daemons":{"web":{"user":"root"}}}\n',
    });
    expect(existsSync(mark)).toBe(true);
  });
  it.each(['.config/config.yaml', '.config/config.json'])('plain cosmiconfig heeds ./%s, and fails over it', (file) => {
    expect(node(hostile(file).directory, '-e', plain(config))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Can not specify loaders in meta config file') as string,
    });
  });

  it.each(Object.keys(TRAPS))('ours passes by ./%s', (file) => {
    const { directory, mark } = hostile(file);
    expect(node(directory, '-e', ours(config))).toMatchObject({ status: 0, stdout: 'source\n', stderr: '' });
    expect(existsSync(mark)).toBe(false);
  });
  it.each(['the reader', 'the whole loader'])('%s passes by all of them together', (what) => {
    const { directory, mark } = hostile(...Object.keys(TRAPS));
    const run = what === 'the reader' ? node(directory, '-e', ours(config)) : node(directory, join(reader, 'read.cjs'));
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(mark)).toBe(false);
  });
  it('which may be gone', () => {
    const { directory } = hostile();
    expect(
      spawnSync('sh', ['-c', `cd ${directory}; rmdir ${directory}; exec ${process.execPath} -e '${ours(config)}'`], {
        encoding: 'utf8',
        cwd: '/',
      }),
    ).toMatchObject({ status: 0, stdout: 'source\n' });
  });

  it('and $import in the config imports nothing', () => {
    const { directory } = hostile('.config/config.json');
    const importing = join(directory, 'x.json');
    writeFileSync(importing, `{"$import": "${config}", "daemons": {}}`);
    expect(node('/', '-e', plain(importing)).stdout).toContain('"user":"root"');
    expect(
      node(
        '/',
        '-e',
        `const { readConfig } = require(${JSON.stringify(join(top, 'read-config.cjs'))});
        console.log(JSON.stringify(readConfig(${JSON.stringify(importing)}).source.document))`,
      ).stdout,
    ).toContain('"$import"');
  });
});

it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'a uid without an account, and without HOME, reads the config too',
  () => {
    const config = join(top, 'config.json');
    spawnSync('chmod', ['-R', 'a+rX', top]);
    expect(
      spawnSync(
        'setpriv',
        ['--reuid', '54321', '--regid', '54321', '--clear-groups', process.execPath, '-e', ours(config)],
        { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/bin:/bin' } },
      ),
    ).toMatchObject({ status: 0, stdout: 'source\n', stderr: '' });
  },
);
