import type { Account } from '../identity/accounts.ts';
import type { ShellLanguage } from './question.ts';
import type { ShellStart } from './start.ts';

export type WayEntry =
  | { type: 'shell'; language: ShellLanguage; start: (script: string) => ShellStart }
  /** Started without a shell. `listing`: sudo prints what it would run. */
  | {
      type: 'program';
      start: (words: readonly string[]) => ShellStart;
      listing: ((words: readonly string[]) => ShellStart) | null;
    };

export type PathOrigin =
  | { type: 'shell'; shell: string; login: boolean; file: string }
  | { type: 'ssh' }
  | { type: 'sudo' }
  /** doas, run0 or pkexec: PATH of the caller's login shell. */
  | { type: 'becoming'; program: string }
  /** PATH of the caller of su or runuser. */
  | { type: 'caller' }
  | {
      type: 'cron';
      /** Null: every table that sets no PATH. */
      table: { file: string; path: string; setsPath: boolean } | null;
    }
  | {
      type: 'systemd';
      /** Null: every service that sets no PATH. */
      service: string | null;
      path: string;
    }
  | { type: 'container' }
  /** No PATH set: /bin/sh uses a compiled default. */
  | { type: 'none' };

export interface WayIn {
  way: string;
  user: Account;
  target: Account | null;
  /** For root, run nothing that others could change (docs/contract.md section 8). */
  asRoot: boolean;
  entry: WayEntry;
  origin: PathOrigin;
  /** False: such a call is possible, but none is known. */
  used: boolean;
}

/** Whether the command line calls pm2 by name. Does not look into scripts. */
export function callsByName(command: string): boolean {
  return /(^|[\s;&|("'`])pm2(?=$|[\s;&|)"'`])/.test(command);
}
