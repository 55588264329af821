import type { CommandClass } from './command-class.ts';

/** How the daemon that plain pm2 would use stands to the config. */
export type Situation =
  /** The config declares it. */
  | 'declared'
  /**
   * HOME or PM2_HOME leads the right user astray; one daemon of this user is declared, and nothing lives there (T15 to
   * T21).
   */
  | 'lost'
  /** The call names it, by PM2_HOME, OVER_HOME or a HOME that is not the user's; the config does not declare it. */
  | 'chosen'
  /** It follows from the user, is not declared, and lives. */
  | 'alive'
  /** It follows from the user, is not declared, and does not live. */
  | 'absent';

export type TableOutcome =
  /** To the daemon that plain pm2 would use, or for a lost caller to the one that is declared. */
  | 'own'
  /** To the daemon that the call names, if it lives and is the caller's; else blocked. */
  | 'named'
  /** To the default daemon. */
  | 'default'
  | 'block'
  /** Blocked, with each daemon that could be meant. */
  | 'ask';

/** What is typed: its class; `by name` where all that it names are names that no list knows. */
export type Row = Exclude<CommandClass, 'no daemon' | 'host'> | 'interrupts by name';

/** Where a call goes when nothing says whose it is. */
export const TABLE: Readonly<Record<Row, Readonly<Record<Situation, TableOutcome>>>> = {
  reads: { declared: 'own', lost: 'own', chosen: 'named', alive: 'default', absent: 'default' },
  starts: { declared: 'own', lost: 'own', chosen: 'block', alive: 'default', absent: 'default' },
  interrupts: { declared: 'own', lost: 'own', chosen: 'block', alive: 'ask', absent: 'default' },
  'interrupts by name': { declared: 'own', lost: 'own', chosen: 'block', alive: 'default', absent: 'default' },
  ends: { declared: 'own', lost: 'ask', chosen: 'block', alive: 'ask', absent: 'ask' },
};
