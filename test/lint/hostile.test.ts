import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesBelow } from '../../src/lint/files.ts';
import { lint } from '../../src/lint/lint.ts';
import type { LintReport } from '../../src/lint/report.ts';

/** No hostile file may cost more. */
const LIMIT_MS = 10_000;

describe('a hostile file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lint-hostile-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const at = (name: string) => join(directory, name);
  async function linted(...paths: string[]): Promise<LintReport> {
    const start = Date.now();
    const report = await lint({ inputs: filesBelow(paths.length > 0 ? paths : [directory]), policy: null, as: null });
    expect(Date.now() - start).toBeLessThan(LIMIT_MS);
    return report;
  }
  const codes = ({ findings }: LintReport) => findings.map(({ line, code }) => `${line} ${code}`);
  const after = 'sudo pm2 restart api\n';

  it('nested deeply: said, or read to its end', async () => {
    writeFileSync(at('parentheses.sh'), `${'('.repeat(5000)}pm2 ls${')'.repeat(5000)}\n${after}`);
    writeFileSync(at('substitutions.sh'), `echo ${'$('.repeat(2000)}pm2 ls${')'.repeat(2000)}\n${after}`);
    writeFileSync(at('ifs.sh'), `${'if a; then\n'.repeat(2000)}pm2 ls\n${'fi\n'.repeat(2000)}${after}`);
    writeFileSync(at('shells.sh'), `${'bash -c "'.repeat(300)}sudo pm2 ls${'"'.repeat(300)}\n`);
    writeFileSync(at('deep.yml'), `on: push\njobs: ${'{a: '.repeat(3000)}pm2${'}'.repeat(3000)}\n`);
    writeFileSync(at('deep.js'), `x(${'['.repeat(5000)}'pm2'${']'.repeat(5000)});\n`);
    const { unread } = await linted();
    for (const { why } of unread) expect(why).toMatch(/nested too deep|takes too long|too much to follow/);
  });

  it('functions that call each other, and themselves', async () => {
    writeFileSync(at('x.sh'), `#!/bin/sh\na() { b; b; pm2 ls; }\nb() { a; a; sudo pm2 ls; }\na\n${after}`);
    expect(codes(await linted())).toContain('5 PL005');
    const calls = Array.from({ length: 30 }, (_, index) => `f${index}() { f${index + 1}; f${index + 1}; }`).join('\n');
    writeFileSync(at('x.sh'), `#!/bin/sh\n${calls}\nf30() { pm2 ls; }\nf0\n`);
    await linted();
  });

  it('variables, arrays and outputs that double at each line: their length is bounded', async () => {
    const doubled = (line: (one: string, before: string) => string) =>
      Array.from({ length: 60 }, (_, index) => line(`a${index + 1}`, `a${index}`)).join('\n');
    const texts = {
      variable: `a0=xx\n${doubled((one, before) => `${one}="$${before}$${before}"`)}\npm2 restart $a60\n`,
      array: `a=(pm2 ls)\n${doubled(() => 'a=("${a[@]}" "${a[@]}")')}\n"\${a[@]}"\n`,
      output: `a0() { echo xx; }\n${doubled((one, before) => `${one}() { ${before}; ${before}; }`)}\nx=$(a60)\n`,
    };
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(at('x.sh'), `#!/bin/bash\n${after}${text}`);
      const report = await lint({ inputs: filesBelow([directory]), policy: null, as: null });
      expect(codes(report), name).toContain('2 PL005');
      expect(report.unread.map(({ why }) => why).join(), name).toContain('too much to follow');
    }
  });

  it('quotes and here-documents that never end: what is before them is found', async () => {
    for (const tail of [
      'echo "',
      "echo '",
      'cat <<EOF\nx',
      'x=$(',
      'if a; then',
      'case x in',
      '${x',
      '`',
      'a && ',
      '((',
    ]) {
      writeFileSync(at('x.sh'), `#!/bin/sh\n${after}echo\n${tail}`);
      expect(codes(await linted()), tail).toContain('2 PL005');
    }
  });

  it('10 MB in one line, and more than 10 MB', async () => {
    writeFileSync(at('line.sh'), `pm2 ls;${'x'.repeat(10 * 1024 * 1024 - 100)}`);
    writeFileSync(at('large.sh'), '# pm2\n'.repeat(2_000_000));
    const { skipped, findings } = await linted();
    expect(skipped.map(({ why }) => why).sort()).toEqual([
      'has lines as minified files have them',
      'is larger than 10 MB',
    ]);
    expect(findings).toEqual([]);
  });

  it('9 MB of calls: read, or said that it was not', async () => {
    writeFileSync(at('x.sh'), 'sudo pm2 restart api\n'.repeat(450_000));
    const { findings, unread } = await linted();
    expect(findings.length > 0 || unread.length > 0).toBe(true);
  }, 30_000);

  it('units and drop-ins of any length: in time that grows with their length', async () => {
    const call = 'ExecStart=/usr/bin/pm2 restart api\n';
    const isRead = async (name: string, text: string) => {
      writeFileSync(at(name), `[Service]\n${text}`);
      const { findings, unread } = await linted(at(name), at(`${name}.d`));
      expect(findings.length + unread.length).toBeGreaterThan(0);
    };
    await isRead('b.service', `${'Environment=A=1\n'.repeat(50_000)}${call}`);
    mkdirSync(at('c.service.d'));
    for (let part = 0; part < 200; part++)
      writeFileSync(at(`c.service.d/${part}.conf`), `[Service]\n${`Environment=B${part}=1\n`.repeat(1500)}`);
    await isRead('c.service', call);
  }, 60_000);

  it('binary: skipped and counted', async () => {
    writeFileSync(at('x.sh'), Buffer.from(`#!/bin/sh\n${after}\0\n`));
    expect(await linted()).toMatchObject({ skipped: [{ why: 'is binary' }], findings: [] });
  });

  it('bytes that are no UTF-8: the lines are right', async () => {
    writeFileSync(
      at('x.sh'),
      Buffer.concat([Buffer.from('#!/bin/sh\n# '), Buffer.from([0xff, 0xc3, 0x28, 0x80]), Buffer.from(`\n${after}`)]),
    );
    expect(codes(await linted())).toEqual(['3 PL005']);
  });

  it('carriage returns and a byte order mark', async () => {
    writeFileSync(at('x.sh'), '\ufeff#!/bin/sh\r\nsudo pm2 restart api\r\nsudo pm2 stop api\r\n');
    expect(codes(await linted())).toEqual(['2 PL005', '3 PL005']);
  });

  it('a FIFO, a socket and a device do not make it wait', async () => {
    execFileSync('mkfifo', [at('x.sh')]);
    expect((await linted()).unread).toEqual([]);
    expect((await linted(at('x.sh'))).unread).toMatchObject([{ why: 'is a FIFO, and no regular file' }]);
    expect((await linted('/dev/zero')).unread).toMatchObject([{ why: 'is no regular file' }]);
  });

  it('a loop of symlinks, and a link out of the directory', async () => {
    symlinkSync(at('b.sh'), at('a.sh'));
    symlinkSync(at('a.sh'), at('b.sh'));
    mkdirSync(at('d'));
    symlinkSync('..', at('d/up'));
    writeFileSync(at('d/x.sh'), after);
    const report = await linted();
    expect(codes(report)).toEqual(['1 PL005']);
    expect(report.files).toBe(1);
    expect((await linted(at('a.sh'))).unread).toMatchObject([{ why: 'is a loop of symlinks' }]);
  });

  it('a file that is not there, and one that may not be read', async () => {
    expect((await linted(at('none.sh'))).unread).toMatchObject([{ why: 'is not there' }]);
  });

  it('names with control characters, and YAML bombs', async () => {
    writeFileSync(at('a\nb\u001b[31m.sh'), after);
    const bomb = Array.from(
      { length: 12 },
      (_, index) =>
        `a${index}: &a${index} [${
          index === 0
            ? 'pm2'
            : Array(9)
                .fill(`*a${index - 1}`)
                .join(', ')
        }]`,
    );
    writeFileSync(at('bomb.yml'), `on: push\n${bomb.join('\n')}\njobs:\n  x:\n    steps: *a11\n`);
    expect(codes(await linted())).toEqual(['1 PL005']);
  });
});
