import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** By absolute path: root runs it. */
const JOURNALCTL = '/usr/bin/journalctl';

export type JournalEnd =
  /** There is no journal on this host, or none that works. */
  | 'none'
  /** Every line was seen, or as many as were wanted. */
  | 'read'
  /** The caller may see none, or none but what the caller wrote. */
  | 'denied';

/**
 * Hands over the lines of the journal under our tag, as `journalctl -o json` gives them, last one first.
 *
 * @param take returns false when it has enough
 */
export async function readJournal(take: (json: string) => boolean): Promise<JournalEnd> {
  if (!existsSync(JOURNALCTL)) return 'none';
  const child = spawn(JOURNALCTL, ['-t', 'pm2-guard', '-o', 'json', '--output-fields=MESSAGE', '-r', '--no-pager'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, 4096);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', resolve);
  });
  let enough = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (take(line)) continue;
    enough = true;
    child.kill();
    break;
  }
  const status = await ended;
  if (/insufficient permissions|not seeing messages from other users/.test(complaint) || seesOwnOnly()) return 'denied';
  if (enough || (status === 0 && !/No journal files were (found|opened)/.test(complaint))) return 'read';
  return 'none';
}

/**
 * Whether this user sees only the messages of this user's own processes. journalctl does not say so with `-o json`;
 * asked for the system's journal alone, which such a user may not open, it fails.
 */
function seesOwnOnly(): boolean {
  if (process.geteuid?.() === 0) return false;
  const { status, stderr } = spawnSync(JOURNALCTL, ['--system', '-n', '0', '--no-pager'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: 5000,
  });
  return status !== 0 && /insufficient permissions/.test(stderr);
}
