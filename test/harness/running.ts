import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Result {
  stdout: string;
  stderr: string;
  /** Exit status; null where a signal ended it. */
  status: number | null;
  signal: NodeJS.Signals | null;
  milliseconds: number;
}

/** A program that runs in a host. */
export class Running {
  #stdout = '';
  #stderr = '';
  #watchers: (() => void)[] = [];
  readonly #result: Promise<Result>;

  constructor(
    private readonly child: ChildProcess,
    input: string | Uint8Array | undefined,
    keepInput: boolean,
    timeoutMs: number,
    what: string,
  ) {
    const started = performance.now();
    // Decoded as a whole stream: a character may be cut between two chunks.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read all
    if (input !== undefined) child.stdin?.write(input);
    if (!keepInput) child.stdin?.end();
    this.#result = new Promise((resolve, reject) => {
      const late = new AbortController();
      const timer = setTimeout(() => {
        late.abort();
        this.#killGroup();
      }, timeoutMs);
      child.once('error', reject);
      child.once('exit', (status, signal) => {
        clearTimeout(timer);
        // Something left in the background may hold the pipes open; what it says later is not this program's.
        const hangers = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, 1000);
        child.once('close', () => {
          clearTimeout(hangers);
          this.#wake();
          if (late.signal.aborted)
            reject(
              new Error(
                `still running after ${timeoutMs} ms: ${what}\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`,
              ),
            );
          else
            resolve({
              stdout: this.#stdout,
              stderr: this.#stderr,
              status,
              signal,
              milliseconds: performance.now() - started,
            });
        });
      });
    });
    this.#result.catch(() => undefined); // reported where it is awaited
  }

  get stdout(): string {
    return this.#stdout;
  }
  get stderr(): string {
    return this.#stderr;
  }

  result(): Promise<Result> {
    return this.#result;
  }

  /** Types into the terminal (`\x03` is Ctrl-C), or writes to standard input. */
  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Signals the program itself, not nsenter which waits for it. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    const [program] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (program !== undefined && program !== '') process.kill(Number(program), signal);
  }

  /** Waits until stdout matches. Throws when the program ends, or the time is over, before that. */
  async seen(pattern: RegExp, timeoutMs = 15_000): Promise<void> {
    const over = new AbortController();
    void this.#result
      .catch(() => undefined)
      .then(() => {
        over.abort();
        this.#wake();
      });
    const deadline = Date.now() + timeoutMs;
    while (!pattern.test(this.#stdout)) {
      if (over.signal.aborted || Date.now() > deadline)
        throw new Error(`never saw ${String(pattern)} in:\n${this.#stdout}\nstderr: ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }

  #killGroup(): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      /* it ended in the same moment */
    }
  }
}
