import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// By absolute path: root runs it. Debian, Red Hat, Alpine and Arch agree on this one, FreeBSD and a source build on the other.
const VISUDO = ['/usr/sbin/visudo', '/usr/local/sbin/visudo'];
const PLAIN = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, encoding: 'utf8', timeout: 20_000 } as const;

/** What `visudo -c` finds (visudo(8)): what is wrong, or null; and the files that were read. */
export interface Checked {
  fault: string | null;
  read: string[];
}

/**
 * Whether sudo would accept the sudoers as they are, or one file on its own.
 *
 * @param file null: /etc/sudoers with all that it includes
 */
export function checkSudoers(file: string | null = null): Checked {
  const visudo = visudoHere();
  if (visudo === undefined) return { fault: `there is no ${VISUDO[0] ?? 'visudo'} to check sudoers with`, read: [] };
  const { status, stdout, stderr, error } = spawnSync(visudo, ['-c', ...(file === null ? [] : ['-f', file])], PLAIN);
  const read = [...stdout.matchAll(/^(\/.*): parsed OK$/gm)].map(([, path = '']) => path);
  if (status === 0) return { fault: null, read };
  return { fault: (stderr + stdout).trim().replace(/\s*\n\s*/g, '; ') || (error?.message ?? `visudo -c exits ${status ?? 'by a signal'}`), read };
}

/** visudo's path; undefined: there is none, and most likely no sudo. */
export function visudoHere(): string | undefined {
  return VISUDO.find((path) => existsSync(path));
}

/** As checkSudoers, only what is wrong. */
export function sudoersFault(file: string | null = null): string | null {
  return checkSudoers(file).fault;
}

/** Whether sudo would accept a text as a file of sudoers. It is looked at where nobody else can, and no sudo reads it. */
export function faultOfText(text: string | Uint8Array): string | null {
  const directory = mkdtempSync('/tmp/pm2-guard-') /* 0700, and a name that was not there */;
  try {
    writeFileSync(join(directory, 'sudoers'), text, { mode: 0o440 });
    return sudoersFault(join(directory, 'sudoers'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
