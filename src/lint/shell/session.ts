import type { LintCall, Reading } from '../model.ts';
import type { Fragment } from '../text.ts';
import type { Kind } from '../kinds.ts';
import type { ShellScope } from './scope.ts';

/** How a text of another kind is read that a script writes, or that another kind of file holds. */
export type ReadPart = (kind: Kind, fragment: Fragment, scope: ShellScope, session: Session) => void;

/** How much of one file is followed. Code that is written by people stays far below. */
const MAX_STEPS = 400_000;
export const MAX_NESTING = 40;
/** How often a function is followed to where it is called. */
const MAX_CALLED = 2000;
const MAX_MILLISECONDS = 4000;

/** The reading of one file: what is found, and what holds for all that is being looked at just now. */
export class Session {
  readonly reading: Reading = { calls: [], remarks: [], unread: [] };
  /** What makes a failure invisible around here. */
  hidden: string | null = null;
  /** Calls that were looked at before this place is reached. */
  onlyAfter: readonly LintCall[] = [];
  asked = false;
  nesting = 0;
  private steps = 0;
  private called = 0;
  private readonly deadline = Date.now() + MAX_MILLISECONDS;
  private over = false;

  constructor(
    readonly path: string,
    readonly readPart: ReadPart,
  ) {}

  /** False: this file is too much to follow to its end. */
  step(): boolean {
    this.steps++;
    if (this.steps >= MAX_STEPS || (this.steps % 256 === 0 && Date.now() > this.deadline)) this.stop();
    return !this.over;
  }

  /** As `step`, for one call of a function of the script. */
  callsFunction(): boolean {
    this.called++;
    if (this.called > MAX_CALLED) this.stop();
    return !this.over;
  }

  private stop(): void {
    if (!this.over) this.unread.push('too much to follow: the rest was not looked at');
    this.over = true;
  }

  get unread(): string[] {
    return this.reading.unread;
  }

  /** Runs with some of what holds around changed. */
  within<T>(change: Partial<Pick<Session, 'hidden' | 'onlyAfter' | 'asked'>>, run: () => T): T {
    const before = { hidden: this.hidden, onlyAfter: this.onlyAfter, asked: this.asked };
    Object.assign(this, change);
    try {
      return run();
    } finally {
      Object.assign(this, before);
    }
  }
}
