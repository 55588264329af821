import { portsInUseHere } from '../host/daemons/ports.ts';
import { DaemonClient } from './daemon.ts';
import { Failed } from './failed.ts';
import type { Journal } from './journal.ts';
import type { Move, MoveStep } from './move.ts';
import { Worker } from './work-as.ts';

/** Called as each step begins. */
export type Progress = (step: MoveStep, back: boolean) => void;

/** One move in progress: its worker processes, and what was observed so far. */
export class MoveRun {
  readonly #workers: Worker[] = [];
  readonly target: Worker;
  readonly to: DaemonClient;
  stoppedAt: number | null = null;
  upAt: number | null = null;
  servingAt: number | null = null;
  #source: Worker | null = null;
  #keeper: Worker | null = null;

  /** @param learned the apps already come from the list that the old daemon wrote as it ended (end-daemon.ts) */
  constructor(
    public move: Move,
    readonly journal: Journal,
    readonly progress: Progress,
    readonly learned = false,
  ) {
    this.target = this.#hire(new Worker(move.to));
    this.to = new DaemonClient(this.target);
  }

  get source(): Worker {
    return (this.#source ??= this.#hire(new Worker(this.move.from)));
  }

  get from(): DaemonClient {
    return new DaemonClient(this.source);
  }

  get keeper(): Worker {
    const { keeper, pm2Home } = this.move.from;
    if (keeper === null) throw new Failed(`no user can safely write the saved list in ${pm2Home}`);
    return (this.#keeper ??= this.#hire(new Worker({ ...keeper, pm2Home })));
  }

  /** The app serves again when a process listens on each of its ports. */
  lookAtPorts(): void {
    if (this.servingAt !== null || this.move.overlap) return;
    const listened = portsInUseHere();
    if (this.move.apps.every(({ ports }) => ports.every((port) => listened.has(port))))
      this.servingAt = performance.now();
  }

  dispose(): void {
    for (const worker of this.#workers) worker.dispose();
  }

  #hire(worker: Worker): Worker {
    this.#workers.push(worker);
    return worker;
  }
}
