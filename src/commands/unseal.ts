import { Command, Option } from 'commander';
import { unseal } from '../seal/seals.ts';
import { exclusively } from './changes.ts';
import { collect, report, type SealOptions } from './seals.ts';

/** `pm2-guard unseal`: restores every sealed pm2, byte for byte. */
export function unsealCommand(): Command {
  return new Command('unseal')
    .description("put the real pm2's own bin/pm2 back where it was sealed; run as root")
    .addOption(
      new Option('--path <file>', "only this package, prefix of npm's, or pm2 (may be repeated)")
        .argParser(collect)
        .default([], 'all'),
    )
    .addOption(
      new Option('--user <user>', "only those of this user's version managers (may be repeated)")
        .argParser(collect)
        .default([], 'all'),
    )
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard unseal
  sudo pm2-guard unseal --path /usr/bin/pm2

uninstall does this first. Where PM2's own file is gone, the command that gets it back from npm is named.
Exit status: 0 done, or nothing was sealed; 1 something could not be done, it is named.`,
    )
    .action(async (options: SealOptions) => {
      const dry = options.dryRun === true;
      report(
        await exclusively(dry, () =>
          unseal({ paths: options.path, users: options.user, path: process.env['PATH'], dry }),
        ),
        options,
        'nothing is sealed',
      );
    });
}
