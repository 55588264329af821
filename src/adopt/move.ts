import type { Pm2Env } from '../pm2/record.ts';
import type { Seat } from './seat.ts';

/** One process, as it was and as it is to be. */
export interface MovedProcess {
  /** In the old daemon; null: it comes from a saved list. */
  pmId: number | null;
  running: boolean;
  /** The old daemon's own record, to go back by. */
  before: Pm2Env;
  after: Pm2Env;
}

export interface MovedApp {
  name: string;
  processes: MovedProcess[];
  /** The new daemon has it already, the same script: that copy stays, this one goes (T32). */
  twin: boolean;
  /** In milliseconds; how long it must stay online to count as started. */
  minUptime: number;
  /** TCP ports that its processes listened on; where none of them is up, what its environment calls PORT. */
  ports: number[];
  /** It is registered and not started: the plan did not show it as it is. */
  withheld?: true;
  /** Variables that are left out, for people. */
  dropped: string[];
}

/** The real pm2 and its node, for a daemon that does not run. */
export interface Launcher {
  node: string;
  pm2: string | null;
}

/** Where an app is moved from. */
export interface MoveSource extends Seat {
  /**
   * `live`: its daemon answers. `lost`: its daemon runs, and its socket is gone (T33). `saved`: no daemon, only a list.
   */
  state: 'live' | 'lost' | 'saved';
  /** Of the daemon, with the start of that process: numbers are given again. */
  pid: number | null;
  started: string | null;
  /** Who may write the home's files: usually its user. Null: nobody whom root could safely be. */
  keeper: Seat | null;
}

/** One step towards the right home: an app; or, where its daemon has to end, all that lives in that daemon. */
export interface Move {
  apps: MovedApp[];
  from: MoveSource;
  to: Seat;
  /** The old daemon has to end: it lives in the new one's own home (T11, T12), or cannot be asked (T33). */
  ends: boolean;
  /** Start there before it is stopped here. */
  overlap: boolean;
  /** What brings a daemon up that does not run. */
  launcher: Launcher;
  /** Homes without a daemon whose lists would bring a copy back at boot (T24). */
  forget: Seat[];
  /** What the lists held of these apps before, to go back by; null: there was no list. */
  saved: { from: Pm2Env[] | null; to: Pm2Env[] | null };
  /**
   * Of a daemon that cannot be asked: its home's list, whole, the state of that file (listState), and whether another
   * user than the new one could exchange it.
   */
  list: { records: Pm2Env[]; state: string | null; exchangeable: boolean } | null;
}

/** In the order of a move that stops first; each is written down before it begins and when it is done. */
export type MoveStep = 'raise' | 'stop' | 'end' | 'right' | 'start' | 'settle' | 'remove' | 'save' | 'forget';

/** The steps of a move, in order. */
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
