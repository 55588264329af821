import { dirname } from 'node:path';
import { withTargets, withWorkingDirectory } from '../pm2/edit-command-line.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Invocation, Start } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { statOf } from '../runtime/peek.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Advice } from '../verdict/verdict.ts';
import { callOf } from '../verdict/words.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { obstacleFor, type Obstacle } from './obstacle.ts';

/** The block for a working directory that was deleted, or that the daemon's user cannot enter. */
export function cannotEnter(daemon: Daemon, invocation: Invocation, caller: Caller): CannotCarryOut {
  const { cwd } = caller;
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
    commandsWithCwd(invocation, caller) ?? [{ label: 'fix', text: moveOut(daemon, cwd, closed) }],
  );
}

/** PM2 resolves these in the working directory too. */
const FILES = ['output', 'error', 'log', 'pid'];

/** The call with `--cwd` for scripts by absolute paths that this process, already the owner's, can run. Null: none. */
function commandsWithCwd(invocation: Invocation, { cwd, uid }: Caller): Advice[] | null {
  const { starts, targets, line, context } = invocation;
  const here =
    targets.some(({ kind }) => kind === 'file' || kind === 'stdin') ||
    FILES.some((attr) => typeof line.options[attr] === 'string' && !line.options[attr].startsWith('/'));
  if (here || starts.length === 0 || !starts.every((start) => start.cwd === cwd && isReachable(start))) return null;
  const directoryOf = ({ script }: Start) => dirname(script ?? '');
  const places = [...new Set(starts.map(directoryOf))];
  const commands = places.map((directory) => {
    const own = starts.filter((start) => directoryOf(start) === directory);
    const same = targets.filter(({ at }) => own.some((start) => start.at === at));
    const words = places.length === 1 ? invocation.argv : withTargets(invocation, context, [...own, ...same]);
    return words === null ? null : withWorkingDirectory(interpret(words, context), context, directory);
  });
  if (!commands.every((words) => words !== null)) return null;
  const pm2 = uid === 0 ? ['sudo', 'pm2'] : ['pm2'];
  const typed = commands.map((words) => ({ command: [...pm2, ...words], as: null }));
  const [only = null] = typed;
  return typed.length === 1 && only !== null ? [{ label: 'run', ...only }] : [{ label: 'run all', commands: typed }];
}

function isReachable({ word, script }: Start): boolean {
  return (
    word?.startsWith('/') === true &&
    script !== null &&
    statOf(script) !== null &&
    obstacleFor(script, 'file') === null &&
    obstacleFor(dirname(script), 'directory') === null
  );
}

function moveOut({ user }: Daemon, path: string, closed: Pick<Obstacle, 'path'>): string {
  const isRoots = `${closed.path}/`.startsWith('/root/');
  const open = isRoots ? ' (do not open /root)' : ', or open the directory: chmod o+x DIRECTORY';
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
      [{ label: 'fix', text: moveOut(daemon, path, closed) }],
    );
  }
}
