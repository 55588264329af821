import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runProgram } from '../runtime/run-program.ts';

/** Absolute, because root runs it. */
const JOURNALCTL = '/usr/bin/journalctl';

export type JournalEnd =
  | 'none'
  | 'read'
  /** The caller cannot read it, or only own entries. */
  | 'denied';

/**
 * Passes JSON lines with our tag, last first.
 * @param take returns false when it has enough
 * @throws system error if journalctl does not start
 */
export async function readJournal(take: (json: string) => boolean): Promise<JournalEnd> {
  if (!existsSync(JOURNALCTL)) return 'none';
  const words = ['-t', 'pm2-guard', '-o', 'json', '--output-fields=MESSAGE', '-r', '--no-pager'];
  const child: ChildProcess = spawn(JOURNALCTL, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, 4096);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // it is awaited below
  let enough = false;
  // Without streams it was not started (EMFILE).
  for await (const line of child.stdout ? createInterface({ input: child.stdout }) : []) {
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
  const { status, stderr } = runProgram(JOURNALCTL, ['--system', '-n', '0', '--no-pager'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: 5000,
  });
  return status !== 0 && /insufficient permissions/.test(stderr);
}
