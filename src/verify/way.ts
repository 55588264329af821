import type { Account } from '../identity/accounts.ts';
import type { ShellLanguage } from './question.ts';
import type { ShellStart } from './start.ts';

/** How a command line gets in. */
export type WayEntry =
  /** A shell reads it. */
  | { type: 'shell'; language: ShellLanguage; start: (script: string) => ShellStart }
  /**
   * No shell is in between: its first word is looked for in a PATH. `listing`: how sudo tells what it would run, and
   * does not.
   */
  | {
      type: 'program';
      start: (words: readonly string[]) => ShellStart;
      listing: ((words: readonly string[]) => ShellStart) | null;
    };

/** Who decides which pm2 is found, and so who can mend it. */
export type PathOrigin =
  /** A shell's startup files: the system's, then the user's. `file`: where a line of the user's has the last word. */
  | { type: 'shell'; shell: string; login: boolean; file: string }
  | { type: 'ssh' }
  | { type: 'sudo' }
  /** The PATH of whoever typed su or runuser. */
  | { type: 'caller' }
  | { type: 'cron'; /** Null: every table that sets no PATH. */ table: { file: string; path: string } | null }
  | { type: 'systemd'; /** Null: every service that sets no PATH. */ service: string | null }
  /** The image that this container was made from. */
  | { type: 'container' }
  /** Nobody set a PATH: the one that /bin/sh was built with. */
  | { type: 'none' };

/**
 * One way in which a person, or the machine for him, comes to call `pm2`. A description: nothing has been started
 * yet.
 */
export interface WayIn {
  /** As one would say or type it. */
  way: string;
  /** Who types it, or for whom the machine does. */
  user: Account;
  /** Whom he becomes, where the way names somebody. */
  target: Account | null;
  /**
   * pm2 runs as root in the end: then nothing is run that others could have put there (docs/contract.md section 7.1).
   */
  asRoot: boolean;
  entry: WayEntry;
  origin: PathOrigin;
  /** Something on this host is known to call pm2 so, or people do; false: it could be used, and nobody is seen to. */
  used: boolean;
}
