import { inTurn } from '../install/turn.ts';

/** Does what changes an installation in its turn; who only tells waits for nobody. */
export async function exclusively<Result>(dry: boolean, work: () => Result | Promise<Result>): Promise<Result> {
  if (dry) return await work();
  return inTurn(work, (pid) => {
    process.stderr.write(`pm2-guard: pid ${pid} is changing the installation: waiting for it\n`);
  });
}
