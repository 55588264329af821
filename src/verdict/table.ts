import type { CommandClass } from './command-class.ts';

/** The state of the daemon that plain pm2 would use. */
export type Situation =
  | 'declared'
  /** A wrong HOME or PM2_HOME. The caller has no running daemon there, and one declared daemon (T15 to T21). */
  | 'lost'
  /** Undeclared, and chosen by PM2_HOME, OVER_HOME or a changed HOME. */
  | 'chosen'
  /** The daemon in the user's default PM2_HOME, undeclared and running. */
  | 'alive'
  /** The daemon in the user's default PM2_HOME, undeclared and not running. */
  | 'absent';

export type TableOutcome =
  /** The daemon that plain pm2 would use. For `lost`: the declared one. */
  | 'own'
  /** The chosen daemon if it runs and is the caller's, else a block. */
  | 'named'
  | 'default'
  | 'block'
  /** A block that shows each possible daemon. */
  | 'ask';

/** `by name`: no target is `all`, an id or a pattern, and at least one name is unknown. */
export type Row = Exclude<CommandClass, 'no daemon' | 'host'> | 'interrupts by name';

/** Where a call goes without evidence. */
export const TABLE: Readonly<Record<Row, Readonly<Record<Situation, TableOutcome>>>> = {
  reads: { declared: 'own', lost: 'own', chosen: 'named', alive: 'default', absent: 'default' },
  starts: { declared: 'own', lost: 'own', chosen: 'block', alive: 'default', absent: 'default' },
  interrupts: { declared: 'own', lost: 'own', chosen: 'block', alive: 'ask', absent: 'default' },
  'interrupts by name': { declared: 'own', lost: 'own', chosen: 'block', alive: 'default', absent: 'default' },
  ends: { declared: 'own', lost: 'ask', chosen: 'block', alive: 'ask', absent: 'ask' },
};
