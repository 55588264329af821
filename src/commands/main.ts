import { Command } from 'commander';
import { checkCommand } from './check.ts';
import { explainCommand } from './explain.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { logCommand } from './log.ts';
import { statusCommand } from './status.ts';
import { sudoersCommand } from './sudoers.ts';
import { uninstallCommand } from './uninstall.ts';
import { escapeControls } from '../terminal/escape.ts';
import { UserError } from '../terminal/user-error.ts';

declare const __VERSION__: string;

/** The `pm2-guard` command. Each command is a file of its own beside this one. */
const program = new Command('pm2-guard')
  .description('Every pm2 call lands in the PM2 daemon its app belongs to, whoever typed it.')
  .version(__VERSION__, '-V, --version')
  .showHelpAfterError('(see pm2-guard --help)');

program.addCommand(checkCommand());
program.addCommand(explainCommand());
program.addCommand(initCommand());
program.addCommand(statusCommand());
program.addCommand(logCommand());
program.addCommand(sudoersCommand());
program.addCommand(installCommand());
program.addCommand(uninstallCommand());
// One line a command, each `program.addCommand(xCommand())` from ./x.ts.

program.parseAsync().catch((error: unknown) => {
  if (error instanceof UserError) {
    process.stderr.write(`pm2-guard: ${error.message.split('\n').map(escapeControls).join('\n')}\n${error.next === null ? '' : `  run:  ${error.next}\n`}`);
    process.exitCode = error.exitStatus;
    return;
  }
  process.stderr.write(`pm2-guard: this is a bug, please report it with the lines below\n${error instanceof Error ? String(error.stack) : String(error)}\n`);
  process.exitCode = 70; // sysexits.h: EX_SOFTWARE
});
