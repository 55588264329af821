// What the throwaway host is made of beyond this machine's Debian: three PM2 majors, five Node majors, one npm.
// Fetched once into .cache/ with npm, in the layout that `npm install -g --prefix` makes; quick when all is there.
// Debian's own packages are debian.mjs's.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages } from './debian.mjs';

export const pm2Versions = ['5.4.3', '6.0.14', '7.0.4'] as const;
export const nodeVersions = { 18: '18.20.8', 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.9.0' } as const;
/** The last npm that runs on every Node above. */
export const npmVersion = '10.9.9';
export const cache = join(dirname(fileURLToPath(import.meta.url)), '../../.cache');

/**
 * npm's own cache with all that an installation of these PM2s needs: hosts without a network install them from it
 * (`--offline`).
 */
export const npmCache = join(cache, 'npm-cache', pm2Versions.join('_'));

/** The registry that the cache is of: its entries are named by it. */
export function npmRegistry(): string {
  return execFileSync('npm', ['config', 'get', 'registry'], { cwd: cache, encoding: 'utf8' }).trim();
}

const isRoot = () => process.getuid?.() === 0;

/** npm without chatter; its stderr is shown where it fails. */
function npm(args: string[], cwd: string): void {
  execFileSync('npm', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
}

/** Makes `target` whole or not at all: two test runs may fetch at once, and one may be killed. */
export function fetchOnce(target: string, make: (draft: string) => void): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(join(cache, 'fetch-'));
  try {
    make(draft);
    asRootWouldInstall(draft);
    renameSync(draft, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Owner and modes that a package manager run by root leaves behind, whatever the umask of the fetching shell. */
function asRootWouldInstall(path: string): void {
  const status = lstatSync(path);
  if (isRoot()) lchownSync(path, 0, 0);
  if (status.isSymbolicLink()) return;
  chmodSync(path, status.isDirectory() || (status.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (status.isDirectory()) for (const name of readdirSync(path)) asRootWouldInstall(join(path, name));
}

function unpack(spec: string, draft: string): void {
  const packed = mkdtempSync(join(cache, 'pack-'));
  try {
    npm(['pack', '--silent', spec], packed);
    execFileSync('tar', ['xzf', ...readdirSync(packed)], { cwd: packed });
    fill(join(packed, 'package'), draft);
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

function fill(source: string, draft: string): void {
  if (existsSync(join(source, 'bin/node'))) {
    mkdirSync(join(draft, 'bin'));
    copyFileSync(join(source, 'bin/node'), join(draft, 'bin/node'));
  } else {
    mkdirSync(join(draft, 'lib/node_modules'), { recursive: true });
    mkdirSync(join(draft, 'bin'));
    renameSync(source, join(draft, 'lib/node_modules/npm'));
    for (const name of ['npm', 'npx'])
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(draft, 'bin', name));
  }
}

/**
 * A package of the registry, without what it depends on.
 *
 * @returns its directory
 */
export function fetchPackage(name: string, version: string): string {
  const directory = join(cache, 'packages', name, version);
  mkdirSync(cache, { recursive: true });
  fetchOnce(directory, (draft) => {
    npm(['pack', '--silent', `${name}@${version}`], draft);
    execFileSync('tar', ['xzf', ...readdirSync(draft)], { cwd: draft });
  });
  return join(directory, 'package');
}

/** Everything the throwaway hosts need. Throws where a registry does not answer. */
export function fetchAll(): void {
  mkdirSync(cache, { recursive: true });
  for (const version of pm2Versions) {
    fetchOnce(join(cache, 'pm2', version), (draft) => {
      npm(
        ['install', '--global', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', `pm2@${version}`],
        cache,
      );
    });
  }
  fetchOnce(npmCache, (draft) => {
    const prefix = mkdtempSync(join(cache, 'prefix-'));
    try {
      for (const version of pm2Versions)
        npm(
          [
            'install',
            '--global',
            '--prefix',
            prefix,
            '--cache',
            draft,
            '--ignore-scripts',
            '--no-audit',
            '--no-fund',
            `pm2@${version}`,
          ],
          cache,
        );
    } finally {
      rmSync(prefix, { recursive: true, force: true });
    }
  });
  if (process.platform !== 'linux') return;
  for (const version of Object.values(nodeVersions)) {
    fetchOnce(join(cache, 'node', version), (draft) => {
      unpack(`node-linux-${process.arch}@${version}`, draft);
    });
  }
  fetchOnce(join(cache, 'npm', npmVersion), (draft) => {
    unpack(`npm@${npmVersion}`, draft);
  });
  installDebianPackages();
}
