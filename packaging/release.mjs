// What a package says of itself beyond package.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = join(fileURLToPath(import.meta.url), '../..');

export const { version, description } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));

/**
 * When this version was made: SOURCE_DATE_EPOCH (reproducible-builds.org), else the last commit, else, where there is
 * no repository of its own, the changelog's time. The time of a file in a clone is the time of the clone, so it comes
 * last.
 */
export function releaseDate(directory = checkout, epoch = process.env.SOURCE_DATE_EPOCH) {
  const seconds = epoch ?? lastCommit(directory);
  return seconds === null ? statSync(join(directory, 'CHANGELOG.md')).mtime : new Date(Number(seconds) * 1000);
}

/** Seconds since 1970; null: the directory is not the top of a git repository, or there is no git. */
function lastCommit(directory) {
  if (!existsSync(join(directory, '.git'))) return null; // not the repository of a directory above
  const { status, stdout } = spawnSync('git', ['-C', directory, 'log', '-1', '--format=%ct'], { encoding: 'utf8' });
  return status === 0 && /^\d+\n$/.test(stdout) ? stdout.trim() : null;
}
