import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Ajv from 'ajv';
import type { Log } from 'sarif';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchPackage } from '../harness/fetch.ts';

const COMMAND = join(import.meta.dirname, '../../dist/pm2-guard.cjs');
const CONFIG = 'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [myapp, api] }\n';
/** Microsoft's SDK for SARIF carries the schema of 2.1.0 as it was published. */
const SCHEMA = join(fetchPackage('@microsoft/jest-sarif', '1.0.0-beta.0'), 'lib/schemas/sarif-2.1.0-rtm.5.json');

const EVERY_SEVERITY = `#!/bin/sh
sudo pm2 restart myapp
pm2 delete all
sudo -u www-data /usr/bin/pm2 save
sudo -u "$1" pm2 restart api
sudo pm2 stop api; sudo pm2 start x.js --name api || true
cat > /etc/cron.d/x <<CRON
@reboot root pm2 resurrect
CRON
`;

function read(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

describe('--sarif, by the schema of SARIF 2.1.0', () => {
  let directory: string;
  const ajv = new Ajv({ schemaId: 'id', meta: false, allErrors: true });
  ajv.addMetaSchema(read(createRequire(import.meta.url).resolve('ajv/lib/refs/json-schema-draft-04.json')));
  const isValid = ajv.compile(read(SCHEMA));

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lint-sarif-'));
    writeFileSync(join(directory, 'config.yaml'), CONFIG);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  /** The log of some files, which has to be valid. */
  function logOf(files: Record<string, string | Buffer>, ...options: string[]): Log {
    const place = mkdtempSync(join(directory, 'in-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, name)), { recursive: true });
      writeFileSync(join(place, name), text);
    }
    const words = [COMMAND, 'lint', '--config', join(directory, 'config.yaml'), '--sarif', ...options];
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: place, encoding: 'utf8' });
    expect(stderr).toBe('');
    const log = JSON.parse(stdout) as Log;
    isValid(log);
    expect(isValid.errors).toBeNull();
    return log;
  }
  const resultsOf = ({ runs }: Log) => runs[0]?.results ?? [];
  const urisOf = (log: Log) =>
    resultsOf(log).map(({ locations }) => locations?.[0]?.physicalLocation?.artifactLocation?.uri);

  it('the schema refuses a log that has what SARIF has not, or lacks what it needs', () => {
    const log = logOf({ 'a.sh': 'sudo pm2 restart myapp\n' });
    expect(isValid({ ...log, version: '2.0.0' })).toBe(false);
    expect(isValid({ ...log, runs: log.runs.map((run) => ({ ...run, tool: {} })) })).toBe(false);
    const levels = resultsOf(log).map((result) => ({ ...result, level: 'wrong' }));
    expect(isValid({ ...log, runs: log.runs.map((run) => ({ ...run, results: levels })) })).toBe(false);
  });

  it('findings of every severity, with fixes and with further lines', () => {
    const results = resultsOf(logOf({ 'deploy.sh': EVERY_SEVERITY }));
    expect(new Set(results.map(({ level }) => level))).toEqual(new Set(['error', 'warning', 'note', 'none']));
    expect(results.some(({ fixes }) => fixes !== undefined)).toBe(true);
    const bare = resultsOf(logOf({ 'bare.sh': 'pm2 restart myapp\npm2 restart api\n' }));
    expect(bare.some(({ relatedLocations }) => relatedLocations !== undefined)).toBe(true);
  });

  it('no finding, and no file at all', () => {
    expect(resultsOf(logOf({ 'a.sh': 'sudo -u www-data pm2 restart myapp\n' }))).toEqual([]);
    expect(resultsOf(logOf({}))).toEqual([]);
  });

  it('names with what URIs and JSON give another meaning', () => {
    const names = [
      'a b.sh',
      'a%20b.sh',
      'c#d?.sh',
      'x:y.sh',
      'line\nbreak.sh',
      '"quoted"\\.sh',
      'été/日本.sh',
      'esc\u001b[31m.sh',
    ];
    const log = logOf(Object.fromEntries(names.map((name) => [name, 'sudo pm2 restart myapp\n'])));
    expect(
      urisOf(log)
        .map((uri) => decodeURIComponent(uri ?? ''))
        .sort(),
    ).toEqual([...names].sort());
    for (const uri of urisOf(log)) expect(uri).toMatch(/^[\w.~!*'()%/-]+$/);
  });

  it('text with control characters and invalid UTF-8', () => {
    const text = Buffer.concat([
      Buffer.from('sudo pm2 restart myapp "\u001b[2J\u202e"\n'),
      Buffer.from([
        0x73, 0x75, 0x64, 0x6f, 0x20, 0x70, 0x6d, 0x32, 0x20, 0x73, 0x74, 0x6f, 0x70, 0x20, 0xff, 0xfe, 0x0a,
      ]),
    ]);
    expect(resultsOf(logOf({ 'odd.sh': text })).length).toBeGreaterThan(0);
  });

  it('absolute paths, and what cannot be read', () => {
    const file = join(directory, 'named.sh');
    writeFileSync(file, 'sudo pm2 restart myapp\n');
    expect(urisOf(logOf({}, file))[0]).toMatch(/named\.sh$/);
    const loop = join(directory, 'loop.sh');
    symlinkSync(loop, loop);
    const notes = logOf({}, loop).runs[0]?.invocations?.[0]?.toolExecutionNotifications ?? [];
    expect(notes.map(({ message }) => message.text)).toEqual([expect.stringContaining('loop of symlinks')]);
  });

  it('with less severe findings left out', () => {
    for (const severity of ['wrong', 'risky', 'note']) logOf({ 'deploy.sh': EVERY_SEVERITY }, '--severity', severity);
  });
});
