import { Command, Option } from 'commander';
import { pm2InUse } from '../host/installations/in-use.ts';
import { seal } from '../seal/seals.ts';
import { exclusively } from './changes.ts';
import { collect, report, type SealOptions } from './seals.ts';

/** `pm2-guard seal`: makes calls of pm2 by its path run the guard too. */
export function sealCommand(): Command {
  return new Command('seal')
    .description(
      "make the real pm2's own bin/pm2 a door to the guard, so that absolute paths, cron, units and version " +
        'managers meet it; run as root',
    )
    .addOption(
      new Option('--path <file>', "only this package, prefix of npm's, or pm2 (may be repeated)")
        .argParser(collect)
        .default([], 'all'),
    )
    .addOption(
      new Option(
        '--user <user>',
        "only those of this user's version managers, in the user's own name (may be repeated)",
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard seal                        npm's prefixes (/usr, /usr/local, /opt/*), root's PATH, what daemons,
                                             units and crontabs run, all sealed before
  sudo pm2-guard seal --user alice           her nvm, volta, fnm, asdf, mise...
  sudo pm2-guard seal --path /srv/node       one prefix
  sudo pm2-guard seal --dry-run

PM2's own bin/pm2 stays beside the door, as it was. A second run changes nothing. npm upgrades and uninstalls pm2 as
before; after an upgrade root's next call seals it again. Not sealed: pm2-runtime, pm2-dev, pm2-docker, require('pm2').
Exit status: 0 done; 1 something could not be done, it is named.`,
    )
    .action(async (options: SealOptions) => {
      const dry = options.dryRun === true;
      report(
        await exclusively(dry, async () => {
          const inUse = options.path.length + options.user.length === 0 ? await pm2InUse() : [];
          return seal({ paths: options.path, users: options.user, path: process.env['PATH'], inUse, dry });
        }),
        options,
        '',
      );
    });
}
