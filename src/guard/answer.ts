import { writeSync } from 'node:fs';
import type { ResolvedCall } from '../call/resolve-call.ts';
import { completionsFor } from './complete.ts';

/**
 * Calls that the guard answers without PM2: the version, and the names for TAB. Neither needs a daemon, and plain pm2
 * would spawn one.
 *
 * @returns false: the real pm2 must answer
 */
export async function answerByItself(call: ResolvedCall): Promise<boolean> {
  const { invocation, pm2 } = call;
  if (invocation.line.type === 'version') {
    // `-v` before a `--` is printed by PM2's silenced console (lib/Common.js printVersion), commander's own by stdout.
    const silenced =
      invocation.line.silent &&
      invocation.argv.includes('--') &&
      invocation.argv.indexOf('-v') < invocation.argv.indexOf('--');
    if (!silenced) print(`${pm2.version}\n`);
    return true;
  }
  if (invocation.command !== 'completion') return false;
  const words = await completionsFor(call);
  if (words === null) return false;
  print(words.map((word) => `${word}\n`).join(''));
  return true;
}

/** A reader that has gone must not become an error. */
function print(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // EPIPE, EBADF
  }
}
