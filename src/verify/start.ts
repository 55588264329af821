import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import type { Account } from '../identity/accounts.ts';

/** A program that is started as somebody. */
export interface ShellStart {
  as: Account;
  argv: readonly string[];
  /** All of it: nothing of this process's environment is added. */
  env: Readonly<Record<string, string>>;
}

export type Ended =
  | { type: 'ended'; status: number | null; stdout: string; stderr: string }
  /** It did not end in time, and was killed with all of its process group. */
  | { type: 'late' }
  | { type: 'failed'; why: string };

/** A `.bashrc` with nvm takes a second on a slow machine, a hanging one for ever. */
export const PATIENCE_MS = 10_000;
/** Of standard output and standard error, each, the last ones: answers come after what startup files print. */
const MAX_CHARACTERS = 1 << 18;

/** util-linux, by absolute path: root runs it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/** Whether other users' ways can be looked at: root, with the tool to become them. */
export function canBecomeOthers(): boolean {
  return process.geteuid?.() === 0 && SETPRIV.some((path) => existsSync(path));
}

const running = new Set<number>();

/**
 * Kills all that `run` has started and not seen the end of: they are in sessions of their own, where no Ctrl-C
 * reaches them.
 */
export function killRunning(): void {
  for (const pid of running) killAll(pid);
}

/**
 * Runs a program to its end, or to the time limit: as its user with that user's groups, in the user's home directory,
 * in a session of its own without a terminal, with nothing on standard input. What it leaves in its process group is
 * killed.
 */
export function run({ as, argv, env }: ShellStart): Promise<Ended> {
  const [file = '', ...rest] = [...becoming(as), ...argv];
  return new Promise((resolve) => {
    const child = spawn(file, rest, {
      cwd: isEnterable(as.home) ? as.home : '/',
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(-MAX_CHARACTERS);
      });
    }
    const pid = child.pid ?? NaN;
    running.add(pid);
    const end = (how: Ended): void => {
      clearTimeout(timer);
      running.delete(pid);
      kill(-pid);
      // one who left the group may hold them open
      for (const name of ['stdout', 'stderr'] as const) child[name].destroy();
      resolve(how);
    };
    const timer = setTimeout(() => {
      killAll(pid);
      end({ type: 'late' });
    }, PATIENCE_MS);
    child.on('error', (error) => {
      end({ type: 'failed', why: error.message });
    });
    // Not 'close', which waits for whoever else holds the pipes, an ssh-agent of .bashrc for one; 'exit' may come
    // before the last words.
    child.on('exit', (status) => {
      kill(-pid);
      // setImmediate: what is in the pipes already is read first, however late this timer comes on a busy machine.
      const drained = setTimeout(
        () =>
          setImmediate(() => {
            end({ type: 'ended', status, ...said });
          }),
        500,
      );
      child.on('close', () => {
        clearTimeout(drained);
        end({ type: 'ended', status, ...said });
      });
    });
  });
}

function isEnterable(directory: string): boolean {
  try {
    accessSync(`${directory}/.`, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The group of a process, and all that descend from it: su and sudo start what they run in a session of its own. */
function killAll(pid: number): void {
  for (const descendant of descendantsOf(pid)) kill(descendant);
  kill(-pid);
}

/** @param pid of a process; negative: of a group; NaN: of what could not be started */
function kill(pid: number): void {
  if (Number.isNaN(pid)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended
  }
}

/** By proc(5)'s list of children; the deepest first. */
function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
    return [...children.flatMap(descendantsOf), ...children];
  } catch {
    return []; // ended meanwhile
  }
}

/**
 * Node's own `uid` option gives up every supplementary group (libuv uv__process_child_init), and with them what the
 * user may read and what sudo allows a group. setpriv(1) calls initgroups(3).
 */
function becoming({ uid, gid }: Account): string[] {
  if (uid === process.geteuid?.()) return [];
  return [SETPRIV.find((path) => existsSync(path)) ?? '', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'];
}
