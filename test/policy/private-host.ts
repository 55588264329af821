import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { bundle } from '../../bundle.mjs';
import type { LoadedPolicy } from '../../src/policy/load.ts';

/** Whether this machine lets us have mount namespaces: root on Linux. */
export const canUnshare =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

/** A policy as a process prints it, and what it answers. */
export type Printed =
  | {
      type: 'policy';
      file: string;
      default: string | null;
      daemons: string[];
      warnings: string[];
      owners: string[];
      slow: boolean;
    }
  | { type: 'unusable'; error: (LoadedPolicy & { type: 'unusable' })['error']; text: string };

/** Builds the hot reader with the slow bundle beside it, as the product ships them, and `pm2-guard` too. */
export async function buildReader(): Promise<string> {
  const directory = mkdtempSync('/var/tmp/pg-reader-'); // /tmp is another one where it runs
  chmodSync(directory, 0o755); // other users run it too
  await bundle({ read: 'test/policy/print-policy.ts', 'load-policy': 'src/policy/slow.ts' }, directory);
  return directory;
}

/**
 * Wraps a shell script in a mount namespace where /etc/pm2-guard and /var/lib/pm2-guard are empty and private, and
 * /mnt is scratch.
 */
export function privately(script: string): string[] {
  const mounts = ['/etc/pm2-guard', '/var/lib/pm2-guard', '/mnt']
    .map((path) => `mkdir -p ${path}; mount -t tmpfs -o mode=0755 none ${path}`)
    .join('\n');
  return ['unshare', '-m', 'sh', '-euc', `umask 022\n${mounts}\n${script}`];
}

/**
 * Runs a shell script there, with a /tmp and a /run/user of its own. In it, `$read NAME` prints the policy and who owns
 * NAME, a name or an absolute path; `as USER command` runs as a user; `settle` waits until a change of the config is
 * old enough to be compiled.
 */
export function run(
  reader: string,
  script: string,
  env: Record<string, string> = {},
): { stdout: string; stderr: string; status: number | null } {
  const [command = '', ...words] = privately(`
mount -t tmpfs -o mode=1777 none /tmp
mkdir -p /run/user; mount -t tmpfs -o mode=0755 none /run/user
read="${process.execPath} ${reader}/read.cjs"
settle() { sleep 0.2; }
as() { user=$1; shift; setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"; }
${script}`);
  const { stdout, stderr, status } = spawnSync(command, words, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...env },
    cwd: '/',
  });
  return { stdout, stderr, status };
}

/** As `run`, where each line of stdout is a policy that `$read` printed. */
export function policies(reader: string, script: string, env: Record<string, string> = {}): Printed[] {
  const { stdout, stderr, status } = run(reader, script, env);
  if (status !== 0) throw new Error(`the script failed (${status})\n${stdout}\n${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed);
}
