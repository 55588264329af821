import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { draftConfig } from '../host/draft/draft.ts';
import type { Unit } from '../host/boot/units.ts';
import type { LiveDaemon } from '../host/daemons/live-daemons.ts';
import type { FoundDaemon } from '../host/survey.ts';
import { replaceFile } from '../trust/write.ts';
import { statOf } from '../runtime/peek.ts';
import { errnoToUserError } from '../terminal/refusal.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';

interface Options {
  output: string;
  force?: boolean;
  json?: boolean;
}

/** `pm2-guard init`: drafts a config from the state of this host. */
export function initCommand(): Command {
  return new Command('init')
    .description('draft a config from the daemons, saved lists and boot units of this host; pm2 itself is never run')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('-f, --force', 'replace a file that is there')
    .option('--json', 'one object for scripts: what was found, and the draft')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard init                                        shows a draft
  sudo pm2-guard init --output /etc/pm2-guard/config.yaml    writes it
  pm2-guard init --json

Without sudo it sees its caller's daemons only.
Exit status: 0 done; 1 the file is there already, or cannot be written.`,
    )
    .action(async (options: Options) => {
      const { output, force, json } = options;
      const file = output === '-' ? null : resolve(output);
      if (file !== null && !force) refuseToReplace(file, options);
      const { text, survey } = await draftConfig();
      if (file !== null) write(file, text, options);
      if (json)
        process.stdout.write(`${JSON.stringify({ file, survey: survey.map(asObject), config: text }, null, 2)}\n`);
      else
        process.stdout.write(file === null ? text : `drafted ${file}\nnext:  look it over, then:  pm2-guard check\n`);
    });
}

/** The names of the output are older than the names in the code: `home` is a PM2_HOME, or that of an account. */
function asObject({ pm2Home, unit, live, ...found }: FoundDaemon): object {
  return { ...found, home: pm2Home, live: live && liveAsObject(live), unit: unit && unitAsObject(unit) };
}

function liveAsObject({ pm2Home, ...live }: LiveDaemon): object {
  return { ...live, home: pm2Home };
}

function unitAsObject({ pm2Home, homeDirectory, account, seat, ...unit }: Unit): object {
  const { homeDirectory: home, ...rest } = account ?? {};
  return { ...unit, home: seat?.pm2Home ?? pm2Home, userHome: homeDirectory, account: account && { ...rest, home } };
}

function refuseToReplace(file: string, options: Options): void {
  // Checks the entry itself: a broken symlink must not be overwritten either.
  if (statOf(file) === null) return;
  const words = wordsOf(file, { ...options, force: true });
  throw new UserError(
    `${file} is there already, and is left as it is`,
    process.geteuid?.() === 0 ? rootCommandLine(...words) : quoteCommand(['pm2-guard', ...words]),
  );
}

function wordsOf(file: string, { force, json }: Options): string[] {
  return ['init', '--output', file, ...(force ? ['--force'] : []), ...(json ? ['--json'] : [])];
}

function write(file: string, text: string, options: Options): void {
  try {
    // Independent of the umask: every caller of pm2 has to read the config.
    if (mkdirSync(dirname(file), { recursive: true }) !== undefined) chmodSync(dirname(file), 0o755);
    replaceFile(file, text, 0o644);
  } catch (error) {
    const isRoot = process.geteuid?.() === 0;
    throw (
      (isRoot ? errnoToUserError(error) : null) ??
      new UserError(
        `${file} cannot be written: ${(error as Error).message}`,
        isRoot ? null : rootCommandLine(...wordsOf(file, options)),
      )
    );
  }
}
