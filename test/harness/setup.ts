import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cache, fetchAll } from './fetch.ts';
import { makeSystems } from './systems.mjs';

const repository = join(cache, '..');
const canMakeSystems = () => process.platform === 'linux' && process.getuid?.() === 0;

/** Before all tests: what the throwaway hosts are made of is there, and dist/ is what src/ says. */
export default async function setup(): Promise<void> {
  if (canMakeSystems()) await makeSystems(['bookworm']);
  fetchAndBuild();
}

/** As setup, for hosts that are made of this machine's own system. */
export function fetchAndBuild(): void {
  fetchAll();
  const built = join(repository, 'dist/pm2.cjs');
  const below = (directory: string) =>
    readdirSync(join(repository, directory), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(repository, directory, name),
    );
  const sources = [
    join(repository, 'build.mjs'),
    join(repository, 'README.md'),
    ...['src', 'completions', 'docs', 'packaging'].flatMap(below),
  ];
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  try {
    execFileSync(process.execPath, ['build.mjs'], { cwd: repository, stdio: 'inherit' });
  } catch {
    // The tests of a single room need no bundle; those that install one fail for want of it.
    console.error('test/harness: dist/ could not be built, every test of the installed product will fail');
  }
}
