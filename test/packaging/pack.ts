import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from '../harness/fetch.ts';

const repository = join(cache, '..');
const kept = [
  'src',
  'shims',
  'completions',
  'packaging',
  'build.mjs',
  'bundle.mjs',
  'package.json',
  'tsconfig.json',
  'README.md',
  'docs',
  'LICENSE',
  'CHANGELOG.md',
  'install.sh',
];

/**
 * A copy of the sources in a directory of their own, with nothing built, that calls itself by this version. The tools
 * to build with are found above it.
 */
export function sources(version: string): string {
  const directory = mkdtempSync(join(cache, 'sources-'));
  for (const name of kept)
    cpSync(join(repository, name), join(directory, name), { recursive: true, preserveTimestamps: true });
  const file = join(directory, 'package.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), version }, null, 2));
  return directory;
}

/** `npm pack` of sources in which nothing is built. */
export function npmPack(version: string): Buffer {
  const directory = sources(version);
  try {
    execFileSync('npm', ['pack', '--silent'], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
    const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
    return readFileSync(join(directory, tarball));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
