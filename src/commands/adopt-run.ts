import { createInterface } from 'node:readline/promises';
import type { Planned, Progress } from '../adopt/adopt.ts';
import { escapeControls } from '../terminal/escape.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { progressLine } from './adopt-words.ts';

/** Prints lines to stdout; text of apps and users is escaped. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Processes a list. A signal lets the current item finish, which may have stopped an app, and begins no other. */
export async function untilInterrupted<Piece>(
  pieces: readonly Piece[],
  work: (piece: Piece) => Promise<void>,
): Promise<void> {
  let interrupted = false;
  const wait = () => {
    if (!interrupted) process.stderr.write('\npm2-guard: interrupted: finishing the current app before exiting\n');
    interrupted = true;
  };
  const isOver = () => interrupted; // a function, because TypeScript would narrow a variable to false
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
 * Asks for the moves, and separately for each that another user's data decides.
 * @throws UserError if there is no terminal to ask on
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

/** As typed, with --yes before any `--`, where it is an option. */
function withYes([command = 'adopt', ...words]: readonly string[]): string {
  const typed = [command, '--yes', ...words];
  return process.geteuid?.() === 0 ? rootCommandLine(...typed) : quoteCommand(['pm2-guard', ...typed]);
}

const CLEAR = '\r\x1b[K';

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
