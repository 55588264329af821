import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import type { Account } from '../identity/accounts.ts';
import { asPid, type Pid } from '../runtime/brands.ts';

export interface ShellStart {
  as: Account;
  argv: readonly string[];
  /** The complete environment. */
  env: Readonly<Record<string, string>>;
}

export type Ended =
  | { type: 'ended'; status: number | null; stdout: string; stderr: string }
  | { type: 'late' }
  | { type: 'failed'; why: string };

/** A `.bashrc` with nvm takes a second on a slow machine. */
export const PATIENCE_MS = 10_000;
/** Keep the last part: answers come after the output of startup files. */
const MAX_CHARACTERS = 1 << 18;

/** util-linux; absolute, because root runs it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

export function canBecomeOthers(): boolean {
  return process.geteuid?.() === 0 && SETPRIV.some((path) => existsSync(path));
}

const running = new Set<Pid>();

/** Kills all running children: they have their own sessions, so Ctrl-C does not reach them. */
export function killRunning(): void {
  for (const pid of running) killAll(pid);
}

/**
 * Runs a program as its user, in the home directory and a session of its own, without terminal and stdin. Kills what
 * stays in its process group.
 */
export function run({ as, argv, env }: ShellStart): Promise<Ended> {
  const [file = '', ...rest] = [...becoming(as), ...argv];
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(file, rest, {
      cwd: isEnterable(as.homeDirectory) ? as.homeDirectory : '/',
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(-MAX_CHARACTERS);
      });
    }
    const pid = asPid(child.pid ?? NaN);
    running.add(pid);
    const end = (how: Ended): void => {
      clearTimeout(timer);
      running.delete(pid);
      kill(0 - pid);
      // a process outside the group may hold them open
      for (const name of ['stdout', 'stderr'] as const) child[name]?.destroy();
      resolve(how);
    };
    const timer = setTimeout(() => {
      killAll(pid);
      end({ type: 'late' });
    }, PATIENCE_MS);
    child.on('error', (error) => {
      end({ type: 'failed', why: error.message });
    });
    // 'close' would wait for other holders of the pipes, such as ssh-agent; 'exit' may come before the last output.
    child.on('exit', (status) => {
      kill(0 - pid);
      // setImmediate: reads pending output first, even on a busy machine.
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

/** su and sudo start their commands in new sessions, so kill descendants too. */
function killAll(pid: Pid): void {
  for (const descendant of descendantsOf(pid)) kill(descendant);
  kill(0 - pid);
}

/** @param pid negative: a group; NaN: not started */
function kill(pid: number): void {
  if (Number.isNaN(pid)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended
  }
}

/** From proc(5); the deepest first. */
function descendantsOf(pid: Pid): Pid[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => asPid(Number(word)));
    return [...children.flatMap(descendantsOf), ...children];
  } catch {
    return []; // it ended
  }
}

/** Node's `uid` option drops supplementary groups (libuv uv__process_child_init); setpriv(1) calls initgroups(3). */
function becoming({ uid, gid }: Account): string[] {
  if (uid === process.geteuid?.()) return [];
  return [SETPRIV.find((path) => existsSync(path)) ?? '', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'];
}
