import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { findUntrusted } from '../../src/trust/trust.ts';
import { canUnshare, privately } from '../policy/private-host.ts';

const built = mkdtempSync(join(tmpdir(), 'pg-trust-'));
beforeAll(() => bundle({ print: 'test/trust/print-distrust.ts' }, built));
afterAll(() => {
  rmSync(built, { recursive: true });
});

/** What is said of a path in /mnt after a script prepared it there: /mnt/d/f is a root-owned file. */
function said(prepare: string, path = '/mnt/d/f', type = 'file'): string {
  const [command = '', ...words] = privately(
    `cd /mnt; mkdir d; echo x > d/f; ${prepare}\n${process.execPath} ${built}/print.cjs ${type} ${path}`,
  );
  const { stdout, stderr, status } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd();
}
const trusts = (prepare: string, path?: string, type?: string) => (): void => {
  expect(said(prepare, path, type)).toBe('ok');
};
const doubts = (fault: string, prepare: string, path?: string, type?: string) => (): void => {
  expect(said(prepare, path, type)).toBe(fault);
};

describe.runIf(canUnshare)('only root can change', () => {
  it("a file of root's", trusts(':'));
  it('a file that no user may read', trusts('chmod 000 d/f'));
  it('a directory', trusts(':', '/mnt/d', 'directory'));
  it("one reached by root's link", trusts('ln -s d/f l', '/mnt/l'));
  it('one reached through a link to a directory', trusts('ln -s d e', '/mnt/e/f'));
  it('one reached by an absolute link and dots', trusts('ln -s /mnt/d/../d/f l', '/mnt/./d/../l'));
});

describe.runIf(canUnshare)('another user can change', () => {
  it("a file of a user's", doubts('owner /mnt/d/f is owned by uid 65534, not by root', 'chown nobody d/f'));
  it('one the group may write', doubts('writable /mnt/d/f is writable by its group (mode 0664)', 'chmod g+w d/f'));
  it('one all may write', doubts('writable /mnt/d/f is writable by all users (mode 0646)', 'chmod o+w d/f'));
  it("one in a user's directory", doubts('owner /mnt/d is owned by uid 65534, not by root', 'chown nobody d'));
  it("one in a group's directory", doubts('writable /mnt/d is writable by its group (mode 0775)', 'chmod g+w d'));
  it('one in a sticky directory', doubts('writable /mnt/d is writable by all users (mode 1777)', 'chmod 1777 d'));
  it(
    "one with a user's directory far above",
    doubts(
      'owner /mnt/a is owned by uid 65534, not by root',
      'mkdir -p a/b/c; touch a/b/c/f; chown nobody a',
      '/mnt/a/b/c/f',
    ),
  );
  it(
    "a link of a user's",
    doubts('owner /mnt/l is owned by uid 65534, not by root', 'ln -s d/f l; chown -h nobody l', '/mnt/l'),
  );
  it(
    "one that root's link leads to",
    doubts(
      'owner /mnt/h/x is owned by uid 65534, not by root',
      'mkdir h; touch h/x; chown nobody h/x; ln -s h/x l',
      '/mnt/l',
    ),
  );
  it(
    "one behind a link in a directory of a user's",
    doubts(
      'owner /mnt/h is owned by uid 65534, not by root',
      'mkdir h; ln -s /mnt/d/f h/l; ln -s h/l l; chown nobody h',
      '/mnt/l',
    ),
  );
  it(
    "one behind dots in a link's target, which are the target's parent",
    doubts(
      'owner /mnt/a/f is owned by uid 65534, not by root',
      'mkdir -p a/b; touch a/f f; chown nobody a/f; ln -s a/b e; ln -s ../f a/b/l',
      '/mnt/e/l',
    ),
  );
  it(
    'one behind dots after a link',
    doubts(
      'owner /mnt/a/f is owned by uid 65534, not by root',
      'mkdir -p a/b; touch a/f f; chown nobody a/f; ln -s a/b e',
      '/mnt/e/../f',
    ),
  );
  it(
    'a directory through a link',
    doubts(
      'owner /mnt/h is owned by uid 65534, not by root',
      'mkdir h; touch h/x; chown nobody h; ln -s h l',
      '/mnt/l/x',
    ),
  );
});

describe.runIf(canUnshare)('what is not there, or is something else', () => {
  it('missing', doubts('missing /mnt/d/g does not exist', ':', '/mnt/d/g'));
  it('missing far above', doubts('missing /mnt/x does not exist', ':', '/mnt/x/y/z'));
  it('a dangling link', doubts('missing /mnt/nowhere does not exist', 'ln -s nowhere l', '/mnt/l'));
  it('a loop', doubts('loop /mnt/l is a loop of symbolic links', 'ln -s m l; ln -s l m', '/mnt/l'));
  it('a directory for a file', doubts('type /mnt/d is a directory', ':', '/mnt/d'));
  it('a file for a directory', doubts('type /mnt/d/f is no directory', ':', '/mnt/d/f', 'directory'));
  it('a file on the way', doubts('type /mnt/d/f is no directory', ':', '/mnt/d/f/g'));
  it('a directory by dots for a file', doubts('type /mnt is a directory', ':', '/mnt/d/..'));
  it('a FIFO', doubts('type /mnt/p is no regular file', 'mkfifo p', '/mnt/p'));
});

it('a relative path is nothing to trust', () => {
  expect(findUntrusted('etc/passwd', 'file')?.kind).toBe('type');
});
