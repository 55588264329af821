import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import type { Caller } from '../verdict/caller.ts';
import { callOf } from '../verdict/words.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { obstacleFor } from './obstacle.ts';

/** The block for a working directory that was deleted, or that the daemon's user cannot enter. */
export function cannotEnter(daemon: Daemon, invocation: Invocation, { cwd }: Caller): CannotCarryOut {
  if (cwd === null) {
    return new CannotCarryOut(
      'PG111',
      `${callOf(invocation)}: the working directory was deleted, and the app would run there.`,
      [],
      [{ label: 'fix', text: 'go to a directory that is there, and type it again' }],
    );
  }
  const closed = obstacleFor(cwd, 'directory') ?? { path: cwd, why: 'is closed' };
  return new CannotCarryOut(
    'PG111',
    `${callOf(invocation)} would run as ${daemon.user} in daemon "${daemon.name}". ` +
      `${daemon.user} cannot enter ${cwd}: ${closed.path} ${closed.why}.`,
    ['PM2 starts in the directory of the call, and looks for relative paths there.'],
    [{ label: 'fix', text: moveOut(daemon, cwd) }],
  );
}

function moveOut({ user }: Daemon, path: string): string {
  const open = path.startsWith('/root') ? ' (do not open /root)' : ', or open the directory: chmod o+x DIRECTORY';
  return (
    `copy ${path}, with what it needs and without secrets, to a directory that ${user} can read, for example ` +
    `/srv/NAME${open}; then start it there, by its new path`
  );
}

/**
 * PM2 would report an unreadable file as "Script not found".
 *
 * @throws CannotCarryOut for the first file of the call that this process cannot read
 */
export function refuseUnreadable(invocation: Invocation, daemon: Daemon): void {
  const files = [
    ...invocation.starts.map(({ script }) => script),
    ...invocation.targets.map((target) => (target.kind === 'file' ? target.path : null)),
  ].filter((path) => path !== null);
  for (const path of files) {
    const closed = obstacleFor(path, 'file');
    if (closed === null) continue;
    throw new CannotCarryOut(
      'PG116',
      `${callOf(invocation)} would run as ${daemon.user} in daemon "${daemon.name}". ` +
        `${daemon.user} cannot read ${path}: ${closed.path} ${closed.why}.`,
      ['PM2 itself would only say "Script not found".'],
      [{ label: 'fix', text: moveOut(daemon, path) }],
    );
  }
}
