import { dirname } from 'node:path';
import { Command } from 'commander';
import { draftConfig } from '../host/draft/draft.ts';
import { findGaps, gapsInWords, isFailure, type Gap } from '../install/gaps.ts';
import { install, type Installation } from '../install/install.ts';
import { layersInWords, type LayerWish } from '../install/layers/layers.ts';
import type { FileChange } from '../install/ledger.ts';
import { sourceBeside } from '../install/library.ts';
import { packageFault, installFrom, newerPackage } from '../install/packages.ts';
import { CONFIG_FILE } from '../install/places.ts';
import { VERSION } from '../policy/version.ts';
import { pm2InUse } from '../host/installations/in-use.ts';
import { seal, sealAgain } from '../seal/seals.ts';
import type { SealResult } from '../seal/seal.ts';
import { escapeControls } from '../terminal/escape.ts';
import { changeLines, foldedLines, problemLines, exclusively } from './changes.ts';
import { unmakeableInWords } from './check.ts';
import { resultLines } from './seals.ts';

/** `pm2-guard install`: installs or repairs everything. */
export function installCommand(): Command {
  return new Command('install')
    .description('put pm2-guard in place on this host, upgrade it, or repair what is missing; run as root')
    .option('--seal', 'also make the real pm2 a door to the guard, for calls by its path (see pm2-guard seal --help)')
    .option(
      '--layers <names>',
      'exactly these ways to us, separated by commas; default: those of an install that says nothing',
    )
    .option('--with <names>', 'these ways, too')
    .option('--without <names>', 'not these ways')
    .option('--verbose', 'name every file, link and directory that was made or changed')
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  npm install -g pm2-guard && sudo pm2-guard install    from npm: the first time, and to upgrade
  sudo ./install.sh                                     from a checkout: builds, then does this
  sudo pm2-guard install                                repairs an installation
  sudo pm2-guard install --seal                         calls by absolute paths are met as well
  sudo pm2-guard install --dry-run
  sudo pm2-guard install --without zsh,environment
  sudo pm2-guard install --layers default

What runs afterwards is a copy in /usr/local/lib/pm2-guard that only root can change. If a package has brought a newer
pm2-guard than the one installed, the newer one is installed. A second run changes nothing. An existing config is never
touched. Two runs at once wait for each other. The layers by which calls reach pm2-guard; each is put in place only
where it is of use, and a choice of layers is kept:
${layersInWords()}

Exit status: 0 done; 1 something could not be done, it is named at the end.`,
    )
    .action(async ({ seal: sealing, verbose, dryRun, json, ...layers }: LayerWish & Flags) => {
      const newer = newerPackage(__dirname);
      if (newer !== null) {
        process.stderr.write(
          `pm2-guard: ${newer.directory} is ${newer.version}, newer than the installed ${VERSION}: going on from ` +
            `there\n`,
        );
        process.exitCode = installFrom(newer, process.argv.slice(3));
        return;
      }
      const dry = dryRun === true;
      const source = sourceBeside(__dirname);
      const fault = packageFault(source);
      const from: From = {
        directory: dirname(source.bundles),
        writable: fault === null ? null : `${fault.path} ${fault.why}`,
      };
      const { result, seals, gaps } = await exclusively(dry, async () => {
        const result = await install({
          source,
          path: process.env['PATH'],
          draft: async () => (await draftConfig()).text,
          layers,
          dry,
        });
        const seals =
          sealing === true && result.install.pm2 !== null
            ? seal({ paths: [], users: [], path: process.env['PATH'], inUse: await pm2InUse(), dry })
            : sealAgain(dry);
        // Before an uninstall that waits takes it all away.
        return { result, seals, gaps: dry ? [] : await findGaps() };
      });
      const report = { ...result, seals, gaps };
      process.stdout.write(
        json
          ? `${JSON.stringify({ dryRun: dry, from, ...report }, null, 2)}\n`
          : inWords(report, from, { dry, verbose: verbose === true || dry }),
      );
      const failed = result.problems.length > 0 || seals.some(({ outcome }) => outcome === 'refused');
      if (failed || isFailure(gaps, result.install.layers.without)) process.exitCode = 1;
    });
}

interface Flags {
  seal?: boolean;
  verbose?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

type Report = Installation & { seals: SealResult[]; gaps: Gap[] };

/** The source directory; `writable`: how a user other than root could have changed it, null: not at all. */
interface From {
  directory: string;
  writable: string | null;
}

/** The most important lines come last: what is wrong, what is not covered, what to type next. */
function inWords(report: Report, from: From, { dry, verbose }: { dry: boolean; verbose: boolean }): string {
  const {
    install: { version, pm2, pm2Version, node },
    changes,
    problems,
    warnings,
    unmakeable,
    seals,
    gaps,
  } = report;
  return [
    `pm2-guard ${version}`,
    `  real pm2   ${pm2 === null ? 'none' : `${pm2}  (${pm2Version ?? '?'})`}`,
    `  node       ${node}`,
    ...configLine(changes, dry),
    // Root has already run this source, and only root can change the installed copy.
    ...(from.writable === null
      ? []
      : [`  copied from what others than root can change: ${escapeControls(from.writable)}; the copy is root's alone`]),
    ...(verbose ? changeLines(changes, dry) : foldedLines(changes)),
    ...resultLines(seals).map((line) => `  ${line}`),
    ...unmakeable.flatMap((one) => ['', ...unmakeableInWords(one)]),
    ...warnings.flatMap((warning) => ['', `warning: ${warning}`]),
    ...(gaps.length === 0 ? [] : ['', ...gapsInWords(gaps).map(escapeControls)]),
    ...problemLines(problems),
    '',
    dry ? 'nothing was changed' : 'next:  look at /etc/pm2-guard/config.yaml, then:  pm2-guard status',
    ...(dry ? [] : ['shells that are open already:  hash -r']), // shells cache the path of pm2
    '',
  ].join('\n');
}

function configLine(changes: readonly FileChange[], dry: boolean): string[] {
  const made = changes.some(({ path, outcome }) => path === CONFIG_FILE && outcome === 'created');
  return made && !dry ? [`  config     ${CONFIG_FILE}  (drafted from what was found on this host: look it over)`] : [];
}
