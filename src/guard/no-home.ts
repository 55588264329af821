import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { rpcSocket } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { unmakeablePm2Homes } from '../policy/unmakeable.ts';
import { statOf } from '../runtime/peek.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { callOf } from '../verdict/words.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { obstacleFor } from './obstacle.ts';

/**
 * PM2 would print a stack trace for each directory that it cannot make, and then wait for a daemon that cannot start.
 * The process must be the owner's already. Looks further only where no socket is.
 *
 * @throws CannotCarryOut if the owner can neither make the PM2_HOME nor write in it
 */
export function refuseUnmakeablePm2Home(daemon: Daemon, invocation: Invocation): void {
  const { pm2Home, name, user } = daemon;
  if (statOf(rpcSocket(pm2Home)) !== null) return;
  let place: string = pm2Home;
  while (statOf(place) === null && place !== '/') place = dirname(place);
  if (mayWriteIn(place)) return;
  const closed = obstacleFor(place, 'directory');
  const [unmakeable = null] = closed === null ? unmakeablePm2Homes([daemon]) : [];
  const why =
    closed !== null
      ? `${closed.path} ${closed.why}`
      : (unmakeable?.why ?? `${place} belongs to another user, or is closed`);
  const fix = unmakeable?.fix ?? [];
  const text =
    fix.length > 0 ? fix.map(quoteCommand).join(' && ') : `see what stands there:  ${rootCommandLine('doctor')}`;
  throw new CannotCarryOut(
    'PG118',
    `${callOf(invocation)} would run as ${user} in daemon "${name}". ${user} cannot ` +
      `${place === pm2Home ? 'write in' : 'make'} its PM2_HOME ${pm2Home}: ${why}.`,
    ['Without that directory PM2 can start no daemon.'],
    [{ label: 'fix', text }],
  );
}

function mayWriteIn(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    return !['EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
