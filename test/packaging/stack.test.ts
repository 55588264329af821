import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundle, entryPoints } from '../../bundle.mjs';

const LIBRARY = '/usr/local/lib/pm2-guard';

/** Texts that stand once in the sources: [bundle, source, text]. */
const places = [
  ['pm2', 'src/bin/pm2.ts', 'this is a bug, nothing was run'],
  ['pm2', 'src/guard/rehearse.ts', 'app-that-is-not-there'],
  ['load-policy', 'src/policy/read-config.ts', 'has a name that does not say what it is'],
] as const;

it('a place in a bundle is printed as a place in its source', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stack-'));
  try {
    await bundle(entryPoints, directory);
    const reported = places.map(
      ([name, , text]) => `    at x (${LIBRARY}/${name}.cjs:${placeOf(join(directory, `${name}.cjs`), text)})\n`,
    );
    const report = ['Error: no such thing\n', ...reported, `    at y (node:internal/main:1:2)\n`];
    const input = report.join('');
    const printed = execFileSync('node', ['packaging/stack.mjs'], { input, encoding: 'utf8' });
    const [first, ...others] = printed.split('\n');
    expect(first).toBe('Error: no such thing');
    for (const [at, [, source, text]] of places.entries())
      expect(others[at]).toMatch(new RegExp(`^    at x \\(${source}:${lineOf(source, text)}:\\d+\\)$`));
    expect(others[places.length]).toBe('    at y (node:internal/main:1:2)');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const lineOf = (file: string, text: string): number => placeOf(file, text).split(':').map(Number)[0] ?? NaN;

function placeOf(file: string, text: string): string {
  const before = readFileSync(file, 'utf8').split(text)[0] ?? '';
  const lines = before.split('\n');
  return `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
}
