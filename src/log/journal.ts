import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Absolute, because root runs it. */
const JOURNALCTL = '/usr/bin/journalctl';

export type JournalEnd =
  | 'none'
  | 'read'
  /** The caller cannot read it, or only own entries. */
  | 'denied';

/** Passes JSON lines with our tag, last first. @param take returns false when it has enough */
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

/** journalctl -o json does not report this. `--system` fails for a user who sees only own messages. */
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
