/** One way in which an app ends up in the wrong PM2 daemon. */
export interface Trap {
  /** What is done. */
  title: string;
  /** What people see. */
  seen: string;
  /** Why PM2 behaves so. */
  cause: string;
  /** What of pm2-guard answers it. */
  answers: readonly TrapAnswer[];
}

export type TrapAnswer = 'guard' | 'doctor' | 'repair' | 'lint';

/** What each answer means, as a sentence. */
export const ANSWERS: Readonly<Record<TrapAnswer, string>> = {
  guard: 'The guard redirects or blocks the call.',
  doctor: '`sudo pm2-guard doctor` shows it, with the cause and the repair.',
  repair: '`sudo pm2-guard adopt` or `sudo pm2-guard doctor --fix` repairs it.',
  lint: '`pm2-guard lint` finds it in scripts, units and crontabs.',
};
