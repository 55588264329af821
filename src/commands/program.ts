import { Command } from 'commander';
import { adoptCommand } from './adopt.ts';
import { checkCommand } from './check.ts';
import { doctorCommand } from './doctor.ts';
import { completeCommand } from './complete.ts';
import { completionCommand } from './completion.ts';
import { explainCommand } from './explain.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { lintCommand } from './lint.ts';
import { logCommand } from './log.ts';
import { sealCommand } from './seal.ts';
import { statusCommand } from './status.ts';
import { sudoersCommand } from './sudoers.ts';
import { uninstallCommand } from './uninstall.ts';
import { unsealCommand } from './unseal.ts';
import { verifyCommand } from './verify.ts';
import { VERSION } from '../policy/version.ts';

/** The `pm2-guard` command, not yet run. Its man page and completion are generated from it. */
export function createProgram(): Command {
  const program = new Command('pm2-guard')
    .description('Every pm2 call lands in the PM2 daemon its app belongs to, whichever user typed it.')
    .version(VERSION, '-V, --version')
    .showHelpAfterError('(see pm2-guard --help)')
    .addHelpText(
      'after',
      `
Examples:
  pm2-guard explain -- sudo pm2 restart myapp    which daemon that call would reach, and why
  pm2-guard status                               what is installed, and which config holds
  pm2-guard verify                               is every way of typing pm2 covered
  pm2-guard doctor                               which daemon owns what, and what is wrong
  pm2-guard log --verdict block                  what was stopped lately
  pm2-guard lint deploy/                         the trap in scripts, before it runs

Each command has its own --help, with examples and exit statuses; all of it is in pm2-guard(8): man pm2-guard.
Exit status: that of the command, see its --help; 1 for a command line that cannot be read; 74 for output that could not
be written, as to a full disk; 70 for a bug, shown with its stack.`,
    );

  program.addCommand(checkCommand());
  program.addCommand(explainCommand());
  program.addCommand(initCommand());
  program.addCommand(doctorCommand());
  program.addCommand(adoptCommand());
  program.addCommand(lintCommand());
  program.addCommand(statusCommand());
  program.addCommand(verifyCommand());
  program.addCommand(logCommand());
  program.addCommand(sudoersCommand());
  program.addCommand(sealCommand());
  program.addCommand(unsealCommand());
  program.addCommand(installCommand());
  program.addCommand(uninstallCommand());
  program.addCommand(completionCommand());
  program.addCommand(completeCommand(), { hidden: true });

  return program;
}
