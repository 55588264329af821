import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../runtime/run-program.ts';

// Absolute, because root runs it. FreeBSD and source builds use the second.
const VISUDO = ['/usr/sbin/visudo', '/usr/local/sbin/visudo'];
const PLAIN = {
  cwd: '/',
  env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  encoding: 'utf8',
  timeout: 20_000,
} as const;

interface Checked {
  fault: string | null;
  /** /etc/sudoers, or /etc/sudoers-rs for sudo-rs. */
  main: string;
}

/** @param file null: the main file and everything it includes */
function checkSudoers(file: string | null): Checked {
  const visudo = visudoHere();
  const main = '/etc/sudoers';
  if (visudo === undefined) return { fault: `there is no ${VISUDO[0] ?? 'visudo'} to check sudoers with`, main };
  const { status, stdout, stderr, error } = runProgram(visudo, ['-c', ...(file === null ? [] : ['-f', file])], PLAIN);
  const read = /^(\/.*): parsed OK$/m.exec(stdout)?.[1] ?? main;
  if (status === 0) return { fault: null, main: read };
  const lines = (stderr + stdout)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const faults = lines.filter((line) => !line.endsWith(': parsed OK') && !isOnlyStricter(line));
  if (lines.length === 0) return { fault: error?.message ?? `visudo -c exits ${status ?? 'by a signal'}`, main: read };
  return { fault: faults.length === 0 ? null : faults.join('; '), main: read };
}

/** visudo wants mode 0440, but sudo reads any file that only root can write (open_sudoers). */
function isOnlyStricter(line: string): boolean {
  const [, path] = /^(\/.*): bad permissions, should be mode \d+$/.exec(line) ?? [];
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found?.uid === 0 && (found.mode & 0o022) === 0;
}

export function mainSudoers(): string {
  return checkSudoers(null).main;
}

export function visudoHere(): string | undefined {
  return VISUDO.find((path) => existsSync(path));
}

/** Null: no fault. `file` null: all of sudoers. */
export function sudoersFault(file: string | null = null): string | null {
  return checkSudoers(file).fault;
}

/** Checks the text in a private directory, where sudo does not read it. */
export function faultOfText(text: string | Uint8Array): string | null {
  const directory = mkdtempSync('/tmp/pm2-guard-'); /* 0700, and a name that was not there */
  try {
    writeFileSync(join(directory, 'sudoers'), text, { mode: 0o440 });
    return sudoersFault(join(directory, 'sudoers'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
