import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// By absolute path: root runs it. Debian, Red Hat, Alpine and Arch agree on this one, FreeBSD and a source build on the
// other.
const VISUDO = ['/usr/sbin/visudo', '/usr/local/sbin/visudo'];
const PLAIN = {
  cwd: '/',
  env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  encoding: 'utf8',
  timeout: 20_000,
} as const;

/** What `visudo -c` finds (visudo(8)). */
interface Checked {
  /** What is wrong; null: nothing. */
  fault: string | null;
  /** The file that everything else is included from: /etc/sudoers, or sudo-rs's own /etc/sudoers-rs. */
  main: string;
}

/**
 * Whether sudo would accept the sudoers as they are, or one file on its own.
 *
 * @param file null: the main file with all that it includes
 */
function checkSudoers(file: string | null): Checked {
  const visudo = visudoHere();
  const main = '/etc/sudoers';
  if (visudo === undefined) return { fault: `there is no ${VISUDO[0] ?? 'visudo'} to check sudoers with`, main };
  const { status, stdout, stderr, error } = spawnSync(visudo, ['-c', ...(file === null ? [] : ['-f', file])], PLAIN);
  const read = /^(\/.*): parsed OK$/m.exec(stdout)?.[1] ?? main;
  if (status === 0) return { fault: null, main: read };
  const lines = (stderr + stdout)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const faults = lines.filter((line) => !line.endsWith(': parsed OK') && !isOnlyStricter(line));
  // Without a word of its own, what the system says of it.
  if (lines.length === 0) return { fault: error?.message ?? `visudo -c exits ${status ?? 'by a signal'}`, main: read };
  return { fault: faults.length === 0 ? null : faults.join('; '), main: read };
}

/**
 * visudo wants mode 0440; sudo reads a file that only root can write (sudoers(5) "bad permissions", sudo's
 * open_sudoers).
 */
function isOnlyStricter(line: string): boolean {
  const [, path] = /^(\/.*): bad permissions, should be mode \d+$/.exec(line) ?? [];
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found?.uid === 0 && (found.mode & 0o022) === 0;
}

/** The file that sudo reads first. */
export function mainSudoers(): string {
  return checkSudoers(null).main;
}

/** visudo's path; undefined: there is none, and most likely no sudo. */
export function visudoHere(): string | undefined {
  return VISUDO.find((path) => existsSync(path));
}

/** What is wrong with the sudoers as they are, or with one file on its own; null: nothing. */
export function sudoersFault(file: string | null = null): string | null {
  return checkSudoers(file).fault;
}

/**
 * Whether sudo would accept a text as a file of sudoers. It is looked at where nobody else can, and no sudo reads it.
 */
export function faultOfText(text: string | Uint8Array): string | null {
  const directory = mkdtempSync('/tmp/pm2-guard-'); /* 0700, and a name that was not there */
  try {
    writeFileSync(join(directory, 'sudoers'), text, { mode: 0o440 });
    return sudoersFault(join(directory, 'sudoers'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
