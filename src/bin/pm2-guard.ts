import type { Command } from 'commander';
import { createProgram } from '../commands/program.ts';
import { escapeControls } from '../terminal/escape.ts';
import { errnoToUserError } from '../terminal/refusal.ts';
import { refilled, widthOf, wrapped } from '../terminal/wrap.ts';
import { UserError } from '../terminal/user-error.ts';

export { rehearseCommands as rehearse } from '../commands/rehearse.ts';

/** Runs the command of process.argv and sets the exit status. The shim calls it once. */
function runPm2Guard(): void {
  fitting(createProgram()).parseAsync().catch(fail);
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
