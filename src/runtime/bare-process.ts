/** libuv's process, which node:child_process is made of. Loading that module takes 4 ms, the half of it for sockets. */
interface ProcessHandle {
  pid: number;
  onexit: (status: number, signal: string) => void;
  spawn(options: object): number;
  close(): void;
  unref(): void;
}

/** The last node of which this binding no longer changes. That of node 24 takes other arguments, and aborts. */
const LAST_NODE = 22;

export interface BareProgram {
  file: string;
  /** Without the program's own name. */
  words: readonly string[];
  env: NodeJS.ProcessEnv;
  /** A session of its own in `/`, without input and output. Otherwise this process's. */
  apart: boolean;
}

export type WhenEnded = (status: number | null, signal: NodeJS.Signals | null) => void;

export interface BareProcess {
  kill(signal: NodeJS.Signals): void;
  /** This process may end before the program. */
  unref(): void;
}

/** @returns null: this node cannot do it, or the program did not start */
export function startBareProcess({ file, words, env, apart }: BareProgram, ended: WhenEnded): BareProcess | null {
  if (Number.parseInt(process.versions.node, 10) > LAST_NODE) return null;
  const emitWarning = Reflect.get(process, 'emitWarning') as unknown;
  process.emitWarning = () => undefined; // NODE_PENDING_DEPRECATION warns about process.binding
  try {
    const binding = Reflect.get(process, 'binding') as (name: string) => { Process: new () => ProcessHandle };
    const handle = new (binding('process_wrap').Process)();
    let runs = true;
    handle.onexit = (status, signal) => {
      runs = false;
      handle.close();
      if (signal === '') ended(status, null);
      else ended(null, signal as NodeJS.Signals);
    };
    const stdio = [0, 1, 2].map((fd) => (apart ? { type: 'ignore' } : { type: 'inherit', fd }));
    const envPairs = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const where = apart ? { cwd: '/', detached: true } : {};
    if (handle.spawn({ file, args: [file, ...words], envPairs, stdio, ...where }) !== 0) return null;
    return {
      kill: (signal) => {
        if (runs) trySignal(handle.pid, signal);
      },
      unref: () => {
        handle.unref();
      },
    };
  } catch {
    return null;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended; EPERM: it has become another user
  }
}
