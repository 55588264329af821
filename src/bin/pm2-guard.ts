import { closeSync, openSync } from 'node:fs';
import type { Command } from 'commander';
import { createProgram } from '../commands/program.ts';
import { escapeControls } from '../terminal/escape.ts';
import { errnoToUserError } from '../terminal/refusal.ts';
import { refilled, widthOf, wrapped } from '../terminal/wrap.ts';
import { EX_IOERR, UserError } from '../terminal/user-error.ts';

export { rehearseCommands as rehearse } from '../commands/rehearse.ts';

/** What doctor uses at a time beside those of node. */
const DESCRIPTORS = 64;
let lost = false;

/** Runs the command of process.argv and sets the exit status. The shim calls it once. */
function runPm2Guard(): void {
  surviveOutput();
  try {
    requireDescriptors();
  } catch (error) {
    fail(error);
    return;
  }
  fitting(createProgram()).parseAsync().catch(fail);
}

/** Before anything is done: a file that cannot be opened for want of a descriptor looks missing or damaged. */
function requireDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < DESCRIPTORS) opened.push(openSync('/', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
    throw new UserError('nothing was done: this shell allows its commands too few open files', 'ulimit -n 1024');
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/**
 * A reader that ends early (`| head -1`) or a full disk must not stop a command in the middle of its work. Lost output
 * is an error, but not if the reader did not want it.
 */
function surviveOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || lost) return;
    lost = true;
    process.stderr.write(`pm2-guard: standard output could not be written, the rest is missing: ${message}\n`);
    process.on('exit', () => {
      process.exitCode = EX_IOERR;
    });
  });
}

function fitting(program: Command): Command {
  for (const command of [program, ...program.commands])
    command.configureOutput({
      writeOut: (text) => process.stdout.write(refilled(text, widthOf(process.stdout))),
      ...(process.stdout.isTTY ? { getOutHelpWidth: () => widthOf(process.stdout) ?? 80 } : {}),
    });
  return program;
}

function fail(thrown: unknown): void {
  const error = errnoToUserError(thrown) ?? thrown;
  if (error instanceof UserError) {
    const escaped = (text: string) => text.split('\n').map(escapeControls).join('\n');
    const next = error.next === null ? '' : `  ${error.label}:  ${escaped(error.next)}\n`;
    const message = `pm2-guard: ${escaped(error.message)}\n${next}`;
    process.stderr.write(wrapped(message, widthOf(process.stderr)));
    process.exitCode = error.exitStatus;
    return;
  }
  process.stderr.write(
    'pm2-guard: this is a bug, please report it with the lines ' +
      `below\n${error instanceof Error ? String(error.stack) : String(error)}\n`,
  );
  process.exitCode = 70; // sysexits.h: EX_SOFTWARE
}

if (require.main === module) runPm2Guard(); // by path: install.sh, a newer package, guard/renew-seal.ts, a checkout

export { runPm2Guard as main }; // the shims use this name
