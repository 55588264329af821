import { inTurn } from '../install/turn.ts';

/** Takes the lock for changes to an installation. A dry run needs no lock. */
export async function exclusively<Result>(dry: boolean, work: () => Result | Promise<Result>): Promise<Result> {
  if (dry) return await work();
  return inTurn(work, (pid) => {
    process.stderr.write(`pm2-guard: pid ${pid} is changing the installation: waiting for it\n`);
  });
}
