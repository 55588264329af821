import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLint, type Format } from '../../src/bin/lint.ts';

/** What the runners of GitHub, Azure and TeamCity carry out where a step prints it. */
const COMMAND = /^\s*::|##(vso|teamcity)?\[/m;

const LINES = [
  '::stop-commands::x; sudo pm2 restart a',
  '\t::set-output name=a::b; sudo pm2 restart a',
  '\u00a0::set-output name=a::b; sudo pm2 restart a',
  'sudo pm2 restart "##vso[task.setvariable variable=A]b"',
  'sudo pm2 restart a # ##[error]no ##teamcity[message text=1]',
  'sudo pm2 restart a###[group]b',
];

/** The texts by the names of their files. The name of a file begins a line of most forms. */
const FILES = new Map([
  ...LINES.map((line, at) => [`${at}.sh`, line] as const),
  ['::error::x.sh', 'sudo pm2 restart a'],
  ['##vso[a]b.sh', 'sudo pm2 restart a'],
]);

describe('lint prints no command of a CI runner', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lint-runner-'));
    for (const [name, line] of FILES) writeFileSync(join(directory, name), `#!/bin/sh\n${line}\n`);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  async function printed(format: Format): Promise<string> {
    const there = process.cwd();
    process.chdir(directory);
    try {
      const paths = [...FILES.keys()];
      const request = { paths, config: null, as: null, severity: 'unknown', host: false, colour: false } as const;
      return (await runLint({ ...request, format })).text;
    } finally {
      process.chdir(there);
    }
  }

  it.each(['people', 'gcc', 'json', 'sarif'] as const)('%s', async (format) => {
    const text = await printed(format);
    expect(text.match(/PL\d{3}/g)?.length).toBeGreaterThanOrEqual(FILES.size);
    expect(text).not.toMatch(COMMAND);
  });

  it('json says the same', async () => {
    const { findings } = JSON.parse(await printed('json')) as { findings: { file: string }[] };
    expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(FILES.keys()));
  });
});
