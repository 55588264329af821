import { writeSync } from 'node:fs';
import type { ResolvedCall } from '../call/resolve-call.ts';
import { completionsFor } from './complete.ts';

/** Answers `--version` and TAB without PM2, which would start a daemon. Returns false if the real pm2 must answer. */
export async function answerByItself(call: ResolvedCall): Promise<boolean> {
  const { invocation, pm2 } = call;
  if (invocation.line.type === 'version') {
    // PM2 prints `-v` before a `--` on a silenced console (printVersion in lib/Common.js), commander on stdout.
    const short = invocation.argv.indexOf('-v');
    const silenced = invocation.line.silent && short >= 0 && short < invocation.argv.indexOf('--');
    if (!silenced) print(`${pm2.version}\n`);
    return true;
  }
  if (invocation.command !== 'completion') return false;
  const words = await completionsFor(call);
  if (words === null) return false;
  print(words.map((word) => `${word}\n`).join(''));
  return true;
}

function print(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // EPIPE, EBADF: the reader has ended, which is no error
  }
}
