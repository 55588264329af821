import { parseCommandLine } from './command-line.ts';
import type { Invocation } from './invocation.ts';

/**
 * Commands that pass the call's environment to apps, git and hooks, npm, or the agent (docs/pm2-internals.md sections
 * 5.1, 5.2, 2.3).
 */
const ALWAYS = [
  'start startOrRestart startOrReload startOrGracefulReload serve create set multiset config install module:update',
  'module:generate publish package deploy pull forward backward autoinstall link plus',
]
  .join(' ')
  .split(' ');

type Asked = Pick<Invocation, 'argv' | 'command' | 'starts' | 'targets'>;

/**
 * Whether a call passes its environment to apps, or to code that PM2 runs for it. `restart` and `reload` of running
 * apps keep each app's stored environment unless `--update-env` is given. A process file is code that sees the
 * environment, and its apps always get it. The flags are the same in all majors.
 */
export function handsEnvironmentOver({ argv, command, starts, targets }: Asked): boolean {
  if (command === null) return false;
  if (ALWAYS.includes(command) || starts.length > 0 || targets.some(({ kind }) => kind === 'file' || kind === 'stdin'))
    return true;
  return (command === 'restart' || command === 'reload') && parseCommandLine(argv, 7).options.updateEnv === true;
}
