import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';

/** The scripts' names in share/, because a shell searches them by these names. */
const SCRIPTS = { bash: 'pm2-guard.bash', zsh: '_pm2-guard', fish: 'pm2-guard.fish' } as const;
type Shell = keyof typeof SCRIPTS;

/** `pm2-guard completion bash`: prints the completion script. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('the script that completes pm2-guard on TAB; install has put it where bash, zsh and fish look')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  source <(pm2-guard completion bash)                                  for this shell
  pm2-guard completion zsh > ~/.zfunc/_pm2-guard                       a directory of your fpath
  pm2-guard completion fish > ~/.config/fish/completions/pm2-guard.fish

Names of apps, daemons and users come from the config, read as the user who presses TAB.
Exit status: 0 shown; 1 there is no such shell.`,
    )
    .action((shell: Shell) => {
      process.stdout.write(readFileSync(join(__dirname, 'share', SCRIPTS[shell])));
    });
}
