import { createProgram } from './program.ts';
import { escapeControls } from '../terminal/escape.ts';
import { systemRefusal } from '../terminal/refusal.ts';
import { UserError } from '../terminal/user-error.ts';

export { rehearse } from './rehearse.ts';

/** The command of process.argv, to its end and its exit status. Called by the shim, once. */
export function main(): void {
  createProgram().parseAsync().catch(fail);
}

function fail(thrown: unknown): void {
  const error = systemRefusal(thrown) ?? thrown;
  if (error instanceof UserError) {
    const next = error.next === null ? '' : `  ${error.label}:  ${error.next}\n`;
    process.stderr.write(`pm2-guard: ${error.message.split('\n').map(escapeControls).join('\n')}\n${next}`);
    process.exitCode = error.exitStatus;
    return;
  }
  process.stderr.write(`pm2-guard: this is a bug, please report it with the lines below\n${error instanceof Error ? String(error.stack) : String(error)}\n`);
  process.exitCode = 70; // sysexits.h: EX_SOFTWARE
}

if (require.main === module) main(); // by its path: install.sh, a newer package, guard/renew-seal.ts, a checkout
