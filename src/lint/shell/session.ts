import type { LintCall, Reading } from '../model.ts';
import type { Fragment } from '../text.ts';
import type { Kind } from '../kinds.ts';
import type { ShellScope } from './scope.ts';

/** Reads an embedded text of another kind, or one that a script writes. */
export type ReadPart = (kind: Kind, fragment: Fragment, scope: ShellScope, session: Session) => void;

/** The limit of steps in one file. Code that people write stays far below. */
const MAX_STEPS = 400_000;
export const MAX_NESTING = 40;
/** The limit of followed function calls. */
const MAX_CALLED = 2000;
const MAX_MILLISECONDS = 4000;
/** The limit of what variables and outputs add to the words of one file. Each line can double a variable's length. */
const MAX_EXPANDED = 2 * 1024 * 1024;

/** The reading of one file: its findings and its current context. */
export class Session {
  readonly reading: Reading = { calls: [], remarks: [], unread: [] };
  /** The enclosing text that hides a failure. */
  hidden: string | null = null;
  /** Calls that were checked before this point. */
  onlyAfter: readonly LintCall[] = [];
  asked = false;
  nesting = 0;
  private steps = 0;
  private called = 0;
  private expanded = 0;
  private readonly deadline = Date.now() + MAX_MILLISECONDS;
  private over = false;

  constructor(
    readonly path: string,
    readonly readPart: ReadPart,
  ) {}

  /** False: the file exceeds the limit. */
  step(): boolean {
    this.steps++;
    if (this.steps >= MAX_STEPS || (this.steps % 256 === 0 && Date.now() > this.deadline)) this.stop();
    return !this.over;
  }

  callsFunction(): boolean {
    this.called++;
    if (this.called > MAX_CALLED) this.stop();
    return !this.over;
  }

  /** @param length characters and pm2 calls that a variable or an output adds */
  expands(length: number): boolean {
    this.expanded += length;
    if (this.expanded > MAX_EXPANDED) this.stop();
    return !this.over;
  }

  private stop(): void {
    if (!this.over) this.unread.push('too much to follow: the rest was not looked at');
    this.over = true;
  }

  get unread(): string[] {
    return this.reading.unread;
  }

  /** Runs with a changed context. */
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
