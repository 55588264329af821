export interface Trap {
  title: string;
  seen: string;
  cause: string;
  answers: readonly TrapAnswer[];
}

export type TrapAnswer = 'guard' | 'doctor' | 'repair' | 'lint';

export const ANSWERS: Readonly<Record<TrapAnswer, string>> = {
  guard: 'The guard redirects or blocks the call.',
  doctor: '`sudo pm2-guard doctor` shows it, with the cause and the repair.',
  repair: '`sudo pm2-guard adopt` or `sudo pm2-guard doctor --fix` repairs it.',
  lint: '`pm2-guard lint` finds it in scripts, units and crontabs.',
};
