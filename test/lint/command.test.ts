import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from 'sarif';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../src/lint/rules/rules.ts';

const COMMAND = join(import.meta.dirname, '../../dist/pm2-guard.cjs');
const CONFIG = 'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [myapp, api] }\n';
const DEPLOY = `#!/bin/sh
set -e
sudo pm2 restart myapp
echo "pm2 was restarted"
sudo -u www-data /usr/bin/pm2 save

sudo pm2 startup systemd -u www-data
ssh "$HOST" pm2 list
`;

describe('pm2-guard lint', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lint-command-'));
    writeFileSync(join(directory, 'config.yaml'), CONFIG);
    writeFileSync(join(directory, 'deploy.sh'), DEPLOY);
    writeFileSync(join(directory, 'clean.sh'), 'sudo -u www-data pm2 restart myapp\n');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  function run(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'lint', ...words], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    return { status, stdout, stderr };
  }
  const judged = (...words: string[]) => run('--config', 'config.yaml', 'deploy.sh', ...words);

  it('shows the place, the line, a caret, why, and the corrected line', () => {
    const { status, stdout, stderr } = judged();
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain(
      [
        'deploy.sh:3:1: wrong: runs as root (sudo), so it uses the PM2 daemon of root; ' +
          'by the config it belongs to www-data (daemon web) (PL001, T01)',
        '  sudo pm2 restart myapp',
        '  ^^^^^^^^^^^^^^^^^^^^^^',
        '  fix:  sudo -u www-data pm2 restart myapp',
      ].join('\n'),
    );
    expect(stdout).toMatch(/\n2 wrong, 1 note, 1 unknown: 4 calls of pm2 in 1 file\n$/);
  });

  it('exits with 0 where it is clean, and for what cannot be told', () => {
    expect(run('--config', 'config.yaml', 'clean.sh')).toEqual({
      status: 0,
      stdout: 'nothing found: 1 call of pm2 in 1 file\n',
      stderr: '',
    });
    writeFileSync(join(directory, 'unknown.sh'), 'ssh "$HOST" pm2 list\n');
    expect(run('--config', 'config.yaml', 'unknown.sh').status).toBe(0);
  });

  it('exits with 2 for what cannot be read, and for a config that cannot be used', () => {
    expect(run('none.sh')).toMatchObject({
      status: 2,
      stdout: expect.stringContaining('not read: none.sh: is not there') as string,
    });
    writeFileSync(join(directory, 'bad.yaml'), 'daemons: [');
    expect(run('--config', 'bad.yaml', 'clean.sh').status).toBe(2);
    expect(run('--config', 'none.yaml', 'clean.sh').status).toBe(2);
    expect(run('--host', 'clean.sh').status).toBe(2);
  });

  it('says what could not be read, in every format, and exits with 2', () => {
    for (const format of ['people', 'json', 'gcc', 'sarif']) {
      const { status, stdout, stderr } = run('--format', format, 'clean.sh', 'none.sh');
      expect({ format, status, said: stdout + stderr }).toEqual({
        format,
        status: 2,
        said: expect.stringContaining('none.sh: is not there') as string,
      });
    }
    expect(JSON.parse(run('--json', 'none.sh').stdout)).toEqual({ schema: 1, findings: [] });
    expect(run('--diff', 'none.sh')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'pm2-guard: not read: none.sh: is not there\n',
    });
  });

  it('leaves out what weighs less', () => {
    expect(judged('--severity', 'wrong').stdout).toMatch(/\n2 wrong: 4 calls of pm2 in 1 file\n$/);
    expect(judged('--severity', 'note', '--format', 'gcc').stdout.split('\n')).toHaveLength(4);
  });

  it('--json', () => {
    const { schema, findings } = JSON.parse(judged('--json').stdout) as { schema: number; findings: object[] };
    expect(schema).toBe(1);
    expect(findings[0]).toEqual({
      code: 'PL001',
      trap: 'T01',
      severity: 'wrong',
      file: 'deploy.sh',
      line: 3,
      column: 1,
      call: 'sudo pm2 restart myapp',
      lines: [3],
      why: expect.stringContaining('by the config it belongs to www-data') as string,
      fix: 'sudo -u www-data pm2 restart myapp',
    });
  });

  it('--format gcc', () => {
    const [first] = judged('--format', 'gcc').stdout.split('\n');
    expect(first).toMatch(/^deploy\.sh:3:1: error: runs as root .* \[PL001\]$/);
  });

  it('--diff is a patch that git apply takes, and after it nothing wrong is left', () => {
    const patch = judged('--diff').stdout;
    writeFileSync(join(directory, 'lint.patch'), patch);
    execFileSync('git', ['init', '-q'], { cwd: directory });
    execFileSync('git', ['apply', 'lint.patch'], { cwd: directory });
    const fixed = readFileSync(join(directory, 'deploy.sh'), 'utf8');
    expect(fixed.split('\n').slice(2, 7)).toEqual([
      'sudo -u www-data pm2 restart myapp',
      'echo "pm2 was restarted"',
      'sudo -u www-data pm2 save',
      '',
      'sudo pm2 startup systemd -u www-data --hp /var/www',
    ]);
    expect(judged('--severity', 'note').stdout).toMatch(/^nothing found/);
    writeFileSync(join(directory, 'deploy.sh'), DEPLOY);
  });

  it('--diff of files without a last line end, with carriage returns, with several hunks', () => {
    const text = `sudo pm2 restart myapp\r\n${'echo\r\n'.repeat(20)}sudo pm2 stop api`;
    writeFileSync(join(directory, 'odd.sh'), text);
    writeFileSync(join(directory, 'odd.patch'), run('--config', 'config.yaml', '--diff', 'odd.sh').stdout);
    execFileSync('git', ['init', '-q'], { cwd: directory });
    execFileSync('git', ['apply', '--whitespace=nowarn', 'odd.patch'], { cwd: directory });
    expect(readFileSync(join(directory, 'odd.sh'), 'utf8')).toBe(text.replace(/sudo pm2/g, 'sudo -u www-data pm2'));
  });

  it('--sarif has what code scanning needs; its shape is checked by the types of SARIF 2.1.0', () => {
    const log = JSON.parse(judged('--sarif').stdout) as Log;
    expect(log).toMatchObject({ version: '2.1.0', $schema: 'https://json.schemastore.org/sarif-2.1.0.json' });
    const [run1] = log.runs;
    expect(run1?.tool.driver.rules?.map(({ id }) => id)).toEqual(rules.map(({ code }) => code));
    for (const { name } of run1?.tool.driver.rules ?? []) expect(name).toMatch(/^\w+$/);
    for (const result of run1?.results ?? []) {
      expect(run1?.tool.driver.rules?.[result.ruleIndex ?? -1]?.id).toBe(result.ruleId);
      // 3.27.9 and 3.27.10: where the kind is not "fail", the level is "none".
      expect(result.kind === 'fail').toBe(result.level !== 'none');
      const { region, artifactLocation } = result.locations?.[0]?.physicalLocation ?? {};
      expect(artifactLocation?.uri).toBe('deploy.sh');
      expect(region?.startLine).toBeGreaterThan(0);
      expect(region?.endColumn).toBeGreaterThan(region?.startColumn ?? 0);
    }
    const [change] = run1?.results?.[0]?.fixes?.[0]?.artifactChanges ?? [];
    expect(change?.replacements[0]).toEqual({
      deletedRegion: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 6 },
      insertedContent: { text: 'sudo -u www-data ' },
    });
  });

  it('--list-rules, and explain has a page for each', () => {
    const { stdout } = run('--list-rules');
    expect(stdout.trimEnd().split('\n')).toHaveLength(rules.length);
    const { status, stdout: page } = spawnSync(process.execPath, [COMMAND, 'explain', 'PL001'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(page).toMatch(
      /^PL001 {2}another user's daemon than the config says\n\nProblematic:\n {2}sudo pm2 restart myapp/,
    );
  });

  it('reads the current directory where no path is named', () => {
    const { stdout } = run('--config', 'config.yaml', '--json');
    const files = (JSON.parse(stdout) as { findings: { file: string }[] }).findings.map(({ file }) => file);
    expect(new Set(files)).toContain('deploy.sh');
    expect(files.every((file) => !file.startsWith('/'))).toBe(true);
  });

  it('its parsers are in a bundle of their own, with the grammars beside it', () => {
    const dist = join(import.meta.dirname, '../../dist');
    for (const name of ['', '-bash', '-fish', '-javascript', '-php', '-python', '-ruby'])
      expect(existsSync(join(dist, `tree-sitter${name}.wasm`))).toBe(true);
    for (const bundle of ['pm2.cjs', 'sudo.cjs', 'pm2-guard.cjs'])
      expect(readFileSync(join(dist, bundle), 'utf8')).not.toContain('tree-sitter.wasm');
  });
});
