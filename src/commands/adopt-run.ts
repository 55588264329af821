import { createInterface } from 'node:readline/promises';
import type { Planned, Progress } from '../adopt/adopt.ts';
import { escapeControls } from '../terminal/escape.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { progressLine } from './adopt-words.ts';

/** Prints lines to stdout; what apps and users named is escaped. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Works through a list. A signal does not end the piece of work that is under way, which may have stopped an app; no
 * further piece is begun.
 */
export async function untilInterrupted<Piece>(
  pieces: readonly Piece[],
  work: (piece: Piece) => Promise<void>,
): Promise<void> {
  let interrupted = false;
  const wait = () => {
    if (!interrupted) process.stderr.write('\npm2-guard: interrupted: finishing the current app before exiting\n');
    interrupted = true;
  };
  const isOver = () => interrupted; // a function, or TypeScript takes it for false
  for (const signal of SIGNALS) process.on(signal, wait);
  try {
    for (const piece of pieces) {
      if (isOver()) break;
      await work(piece);
    }
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, wait);
  }
}

/**
 * Asks for the moves, and apart for each that would run by another user's word.
 *
 * @throws UserError where there is no terminal to ask on
 */
export async function agreed(moves: readonly Planned[], yes: boolean, json: boolean): Promise<boolean> {
  if (yes) return true;
  const apps = moves.flatMap(({ move }) => move.apps).length;
  if (!process.stdin.isTTY || json) {
    throw new UserError(
      'not a terminal: pass --yes to confirm. Nothing was changed.',
      withYes(process.argv.slice(2)),
      2,
    );
  }
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const ask = async (text: string) => (await question.question(escapeControls(text))).trim();
  try {
    if (!/^y(es)?$/i.test(await ask(`move ${apps === 1 ? 'it' : `these ${apps} apps`}? [y/N] `))) return false;
    for (const { move, consent } of moves) {
      if (consent === null || consent.given) continue;
      const names = move.apps.map(({ name }) => name).join(', ');
      const { user } = move.to;
      const text = `${consent.users.join(' and ')} decides what ${names} runs. Type ${user} to run it as ${user}: `;
      if ((await ask(text)) !== user) return false;
    }
    return true;
  } finally {
    question.close();
  }
}

/** As typed, with --yes where it is an option: not behind a `--`. */
function withYes([command = 'adopt', ...words]: readonly string[]): string {
  return quoteCommand([...(process.geteuid?.() === 0 ? ['sudo'] : []), 'pm2-guard', command, '--yes', ...words]);
}

const CLEAR = '\r\x1b[K';

/** Shows the step that is under way, on a terminal. */
export function progressOn(apps: string): Progress {
  return (step, back) => {
    if (!process.stderr.isTTY) return;
    const line = escapeControls(`${apps}: ${progressLine(step, back)}`).slice(0, (process.stderr.columns || 80) - 1);
    process.stderr.write(`${CLEAR}${line}`);
  };
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR);
}
