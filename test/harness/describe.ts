import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

/** Why no throwaway host can be made here; null where one can. */
function obstacle(): string | null {
  if (process.platform !== 'linux') return `throwaway hosts need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'throwaway hosts need root: run the tests with sudo';
  const tried = spawnSync('unshare', [
    '--mount',
    '--pid',
    '--fork',
    '--ipc',
    '--uts',
    '--net',
    'sh',
    '-c',
    'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay -o ' +
      'lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r',
  ]);
  if (tried.status !== 0)
    return (
      'throwaway hosts need unshare, tmpfs and overlay mounts: ' +
      (tried.error?.message ?? tried.stderr.toString()).trim()
    );
  return null;
}

let known: string | null | undefined;

/** A `describe` for tests that need a throwaway host. Where none can be made it says so; in CI it fails. */
export function describeOnHost(name: string, body: () => void): void {
  known ??= obstacle();
  const reason = known;
  if (reason === null) {
    describe(name, body);
    return;
  }
  if (process.env['CI'] === 'true') throw new Error(`${name}: ${reason}`);
  console.error(`NOT TESTED: ${name}: ${reason}`);
  describe.skip(`${name} (${reason})`, body);
}
