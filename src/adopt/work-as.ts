import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { complaintIn } from '../identity/in-child.ts';
import { bundleWords } from '../identity/setpriv.ts';
import { SwitchError } from '../identity/switch-user.ts';
import { rpcSocket } from '../pm2/home.ts';
import type { Reply } from '../pm2/rpc.ts';
import type { DaemonToEnd } from '../repair/end-process.ts';
import { answerIn, type AgentAnswer, type Hello, type Work } from './agent-protocol.ts';
import { Failed } from './failed.ts';
import type { Launch, Launched } from './launch.ts';
import type { LogRequest } from './last-lines.ts';
import type { AccessFault, LookRequest } from './look.ts';
import type { Save } from './save-dump.ts';
import type { Seat } from './seat.ts';

/** The agent did not answer, or refused. */
export class AgentError extends Failed {
  override name = 'AgentError';
}

/**
 * A child process that works as another user (agent.ts). Only root can become another user. Several requests may be
 * pending at once.
 */
export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { settle: (answer: AgentAnswer) => void; fail: (error: Error) => void }>();
  #asked = 0;
  #ended: string | null = null;

  constructor(readonly seat: Seat) {
    const isRoot = process.geteuid?.() === 0;
    if (!isRoot && process.geteuid?.() !== seat.uid) throw new AgentError(`only root can work as ${seat.user}`);
    // The child is root until it becomes the user, so no variable that steers node is passed. Its own process group
    // leaves Ctrl-C to the parent.
    const [program = '', ...words] = wordsFor(isRoot ? seat : null);
    this.#child = spawn(program, words, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let complaint = '';
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2000);
    });
    this.#child.stdin?.on('error', () => undefined); // the `exit` event reports it
    this.#child.on('error', (error) => {
      this.#end(error.message);
    });
    this.#child.on('close', () => {
      this.#end(complaintIn(complaint) ?? 'it ended');
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const answer = answerIn(line);
        if (answer === null) this.#end('it gave an answer that is no JSON');
        else this.#take(answer);
      });
    const { user, uid, gid } = seat;
    this.#say({ become: isRoot ? { user, uid, gid } : null, env: cleanEnvironment(seat) } satisfies Hello);
  }

  /** Calls a method of the daemon. `timeoutMs` covers the whole exchange. */
  call(method: string, args: readonly unknown[], timeoutMs: number): Promise<Reply> {
    return this.#work('call', { socket: rpcSocket(this.seat.pm2Home), method, args, timeoutMs }) as Promise<Reply>;
  }

  look(request: LookRequest): Promise<AccessFault[]> {
    return this.#work('look', request) as Promise<AccessFault[]>;
  }

  launch(request: Launch): Promise<Launched> {
    return this.#work('launch', request) as Promise<Launched>;
  }

  async save(request: Save): Promise<void> {
    await this.#work('save', request);
  }

  /** Signals a daemon with the rights of this user, because another process may have its pid by now. */
  async end({ pid, started }: DaemonToEnd): Promise<void> {
    await this.#work('end', { pid, started });
  }

  lastLines(request: LogRequest): Promise<string[]> {
    return this.#work('log', request) as Promise<string[]>;
  }

  dispose(): void {
    this.#child.stdin?.end();
    this.#child.unref();
  }

  async #work(task: string, argument: unknown): Promise<unknown> {
    const answer = await new Promise<AgentAnswer>((settle, fail) => {
      if (this.#ended !== null) {
        fail(new AgentError(`nothing can be done as ${this.seat.user}: ${this.#ended}`));
        return;
      }
      const id = ++this.#asked;
      this.#waiting.set(id, { settle, fail });
      this.#say({ id, task, argument } satisfies Work);
    });
    if (answer.type === 'failed') throw new AgentError(answer.why);
    return answer.result;
  }

  #take(answer: AgentAnswer): void {
    this.#waiting.get(answer.id)?.settle(answer);
    this.#waiting.delete(answer.id);
  }

  #say(message: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #end(why: string): void {
    this.#ended ??= why;
    for (const { fail } of this.#waiting.values())
      fail(new AgentError(`nothing can be done as ${this.seat.user}: ${why}`));
  }
}

export const AGENT = join(__dirname, 'adopt-agent.cjs');

function wordsFor(seat: Seat | null): string[] {
  try {
    return bundleWords(seat, AGENT);
  } catch (error) {
    throw error instanceof SwitchError ? new AgentError(error.message) : error;
  }
}

/** The environment of a fresh login. A daemon started here keeps it for life. */
export function cleanEnvironment(seat: Seat): Record<string, string> {
  return {
    ...(ownersEnvironment({}, seat, SYSTEM_PATH) as Record<string, string>),
    LANG: 'C.UTF-8',
    PM2_HOME: seat.pm2Home,
  };
}
