import { Command } from 'commander';
import { uninstall } from '../install/uninstall.ts';
import { changeLines, problemLines, exclusively } from './changes.ts';

/** `pm2-guard uninstall`: removes everything but the config. */
export function uninstallCommand(): Command {
  return new Command('uninstall')
    .description('take pm2-guard away; pm2, its daemons and apps are not touched; run as root')
    .option('--purge', 'the config too')
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard uninstall
  sudo shims/pm2-guard uninstall --purge    from a checkout, where the installed command is broken

Works on a half installation and with a broken config as well.
Exit status: 0 done; 1 something is not in order, it is named at the end.`,
    )
    .action(async (options: { purge?: boolean; dryRun?: boolean; json?: boolean }) => {
      const dry = options.dryRun === true;
      const result = await exclusively(dry, () => uninstall(options.purge === true, dry));
      if (result.problems.length > 0) process.exitCode = 1;
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ dryRun: dry, ...result }, null, 2)}\n`);
        return;
      }
      const done =
        result.changes.length === 0
          ? ['pm2-guard: nothing of it is installed']
          : [dry ? 'pm2-guard would be taken away' : 'pm2-guard is taken away', ...changeLines(result.changes, dry)];
      const left = result.left.map((what) => `  ${'left'.padEnd(11)}${what}`);
      const last = dry ? 'nothing was changed' : 'shells that are open already:  hash -r';
      process.stdout.write(`${[...done, ...left, ...problemLines(result.problems), '', last].join('\n')}\n`);
    });
}
