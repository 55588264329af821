import { Command } from 'commander';
import { draftConfig } from '../host/draft.ts';
import { install, type Installation } from '../install/install.ts';
import { sourceBeside } from '../install/library.ts';
import { changeLines, problemLines } from './changes.ts';

/** `pm2-guard install`: put everything in place, or repair it. */
export function installCommand(): Command {
  return new Command('install')
    .description('put pm2-guard in place on this host, upgrade it, or repair what is missing; run as root')
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'one object for scripts')
    .addHelpText('after', `
Examples:
  sudo ./install.sh                 from a checkout: builds, then does this
  sudo pm2-guard install            repairs an installation
  sudo pm2-guard install --dry-run

A second run changes nothing, a config that is there is never touched.
Exit status: 0 done; 1 something could not be done, it is named at the end.`)
    .action(async (options: { dryRun?: boolean; json?: boolean }) => {
      const dry = options.dryRun === true;
      const result = await install({ source: sourceBeside(__dirname), path: process.env['PATH'], draft: async () => (await draftConfig()).text, dry });
      process.stdout.write(options.json ? `${JSON.stringify({ dryRun: dry, ...result }, null, 2)}\n` : inWords(result, dry));
      if (result.problems.length > 0) process.exitCode = 1;
    });
}

function inWords({ install: { version, pm2, pm2Version, node }, changes, problems }: Installation, dry: boolean): string {
  return [
    `pm2-guard ${version}`,
    `  real pm2   ${pm2 === null ? 'none' : `${pm2}  (${pm2Version ?? '?'})`}`,
    `  node       ${node}`,
    ...changeLines(changes, dry),
    ...problemLines(problems),
    '',
    dry ? 'nothing was changed' : 'next:  look at /etc/pm2-guard/config.yaml, then:  pm2-guard status',
    ...(dry ? [] : ['shells that are open already:  hash -r']), // they remember where pm2 was
    '',
  ].join('\n');
}
