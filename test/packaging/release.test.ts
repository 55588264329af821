import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { releaseDate } from '../../packaging/release.mjs';

describe('the date of a release', () => {
  let place = '';
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', place, '-c', 'user.name=n', '-c', 'user.email=e', ...words], {
      env: { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0000', GIT_AUTHOR_DATE: '1600000000 +0000' },
    });
  const seconds = (directory = place, epoch?: string) => releaseDate(directory, epoch).getTime() / 1000;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'release-'));
    writeFileSync(join(place, 'CHANGELOG.md'), '');
    utimesSync(join(place, 'CHANGELOG.md'), 1_500_000_000, 1_500_000_000);
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  it('is what SOURCE_DATE_EPOCH says', () => {
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'm');
    expect(seconds(place, '1234567890')).toBe(1_234_567_890);
  });
  it('is that of the last commit, whenever the files were written', () => {
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'm');
    expect(seconds()).toBe(1_700_000_000);
  });
  it('is the time of the changelog where there is no commit', () => {
    expect(seconds()).toBe(1_500_000_000);
    git('init', '-q');
    expect(seconds()).toBe(1_500_000_000);
  });
  it('is not that of a repository above', () => {
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'm');
    mkdirSync(join(place, 'package'));
    writeFileSync(join(place, 'package/CHANGELOG.md'), '');
    utimesSync(join(place, 'package/CHANGELOG.md'), 1_500_000_000, 1_500_000_000);
    expect(seconds(join(place, 'package'))).toBe(1_500_000_000);
  });
});
