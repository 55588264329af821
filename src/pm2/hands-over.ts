import { parseCommandLine } from './command-line.ts';
import type { Invocation } from './invocation.ts';

/**
 * Commands that hand the environment of the call to apps, to git and hooks, to npm, or to the agent
 * (docs/pm2-internals.md section 5.1, 5.2, 2.3).
 */
const ALWAYS = [
  'start startOrRestart startOrReload startOrGracefulReload serve create set multiset config install module:update',
  'module:generate publish package deploy pull forward backward autoinstall link plus',
]
  .join(' ')
  .split(' ');

type Asked = Pick<Invocation, 'argv' | 'command' | 'starts' | 'targets'>;

/**
 * Whether a call hands its environment to apps, or to code that PM2 runs for it. `restart` and `reload` of running
 * apps keep the environment that is stored with each, but for `--update-env`; a process file is code that sees the
 * environment, and its apps are always given it. The flags are the same in all majors.
 */
export function handsEnvironmentOver({ argv, command, starts, targets }: Asked): boolean {
  if (command === null) return false;
  if (ALWAYS.includes(command) || starts.length > 0 || targets.some(({ kind }) => kind === 'file' || kind === 'stdin'))
    return true;
  return (command === 'restart' || command === 'reload') && parseCommandLine(argv, 7).options.updateEnv === true;
}
