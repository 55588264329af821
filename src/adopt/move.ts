import type { Pm2Env } from '../pm2/record.ts';
import type { Pid } from '../runtime/brands.ts';
import type { Seat } from './seat.ts';

/** One process, before and after the move. */
export interface MovedProcess {
  /** In the old daemon; null: it comes from a saved list. */
  pmId: number | null;
  running: boolean;
  /** The old daemon's record, to undo the move. */
  before: Pm2Env;
  after: Pm2Env;
}

export interface MovedApp {
  name: string;
  processes: MovedProcess[];
  /** The new daemon already has the same script: its copy stays, this one is removed (T32). */
  twin: boolean;
  /** Milliseconds that it must stay online to count as started. */
  minUptime: number;
  /** TCP ports that its processes listened on; if none runs, the PORT of its environment. */
  ports: number[];
  /** Registered but not started, because the plan did not show it as it is. */
  withheld?: true;
  /** Names of the variables that are left out. */
  dropped: string[];
}

/** The real pm2 and its node, to start a daemon. */
export interface Launcher {
  node: string;
  pm2: string | null;
}

export interface MoveSource extends Seat {
  /** `live`: its daemon answers. `lost`: it runs, but its socket is gone (T33). `saved`: only a list. */
  state: 'live' | 'lost' | 'saved';
  /** The daemon's pid and its start time, because the kernel reuses pids. */
  pid: Pid | null;
  started: string | null;
  /** Who may write the files of the PM2_HOME, usually its user. Null: no user can write there safely. */
  keeper: Seat | null;
}

/** One app; or all apps of a daemon, if that daemon has to end. */
export interface Move {
  apps: MovedApp[];
  from: MoveSource;
  to: Seat;
  /** The old daemon has to end: it lives in the new one's PM2_HOME (T11, T12), or does not answer (T33). */
  ends: boolean;
  /** The new copy starts before the old one stops. */
  overlap: boolean;
  launcher: Launcher;
  /** PM2_HOMEs without a daemon whose lists would start copies of these apps at boot (T24). */
  forget: (Seat & { names: string[] })[];
  /** The records of these apps in both lists before the move, to undo it; null: there was no list. */
  saved: { from: Pm2Env[] | null; to: Pm2Env[] | null };
  /**
   * For a daemon that does not answer: the whole list, its state (listState), and whether a user other than the new
   * one could replace it.
   */
  list: { records: Pm2Env[]; state: string | null; exchangeable: boolean } | null;
}

/** The steps of a move. stepsOf() gives their order. The journal records the begin and the end of each. */
export type MoveStep = 'raise' | 'stop' | 'end' | 'right' | 'start' | 'settle' | 'remove' | 'save' | 'forget';

export function stepsOf({
  ends,
  overlap,
  from,
  forget,
}: Pick<Move, 'ends' | 'overlap' | 'from' | 'forget'>): MoveStep[] {
  const last: MoveStep[] = forget.length > 0 ? ['save', 'forget'] : ['save'];
  if (ends) return ['end', 'right', 'raise', 'start', 'settle', ...last];
  if (from.state === 'saved') return ['right', 'raise', 'start', 'settle', ...last];
  if (overlap) return ['right', 'raise', 'start', 'settle', 'stop', 'remove', ...last];
  return ['right', 'raise', 'stop', 'start', 'settle', 'remove', ...last];
}
