import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Format, LintAnswer, LintRequest } from '../bin/lint.ts';
import { SEVERITIES, type Severity } from '../lint/model.ts';
import { rules } from '../lint/rules/rules.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { UserError } from '../terminal/user-error.ts';

interface Options {
  config?: string;
  as?: string;
  severity: Severity;
  json?: boolean;
  sarif?: boolean;
  diff?: boolean;
  format?: 'people' | 'gcc' | 'json' | 'sarif';
  host?: boolean;
  listRules?: boolean;
}

/** `pm2-guard lint`: finds wrong pm2 calls in scripts before they run. */
export function lintCommand(): Command {
  return new Command('lint')
    .description(
      'find the trap in scripts, crontabs, units and CI files before it runs: whose daemon would each pm2 call reach',
    )
    .argument('[path...]', 'files and directories; without any, the current directory')
    .option(
      '--config <file>',
      'judge by this config; without it by that of this host, or by what is a trap under any config',
    )
    .option('--as <user>', 'who runs the files that name no user')
    .addOption(new Option('--severity <least>', 'leave out what weighs less').choices(SEVERITIES).default('unknown'))
    .addOption(
      new Option('--format <format>', 'gcc is what editors read')
        .choices(['people', 'gcc', 'json', 'sarif'])
        .conflicts(['json', 'sarif', 'diff']),
    )
    .addOption(new Option('--json', 'one object for scripts, with "schema": 1').conflicts(['sarif', 'diff']))
    .addOption(new Option('--sarif', 'SARIF 2.1.0, for code scanning').conflicts(['diff']))
    .option('--diff', 'the fixes that are certain, as a patch for git apply')
    .option('--host', 'read the crontabs, units, hooks and scripts of this machine instead of paths')
    .option('--list-rules', 'show the rules with their severities, and lint nothing')
    .addHelpText(
      'after',
      `
Severities:
  wrong    another daemon than the config says, or it fails for certain
  risky    so for all users but one, or past the guard
  note     the right daemon, past the guard
  unknown  it cannot be told; no error

In a file: "# pm2-guard: run-as USER" says who runs it; "# pm2-guard: ignore PL005 - reason" leaves one line out.

Examples:
  pm2-guard lint
  pm2-guard lint --config config.yaml deploy/ .github/workflows
  pm2-guard lint --diff deploy.sh | git apply
  pm2-guard lint --sarif > lint.sarif
  sudo pm2-guard lint --host
  pm2-guard explain PL001

JSON: { schema: 1, findings: [{ code, trap, severity, file, line, column, call, why, fix, lines }] }; lines has all
lines that a finding is about.
Exit status: 0 clean, or nothing but what cannot be told; 1 findings; 2 nothing was found, and something could not be
read.`,
    )
    .action(async (paths: string[], options: Options) => {
      if (options.listRules) {
        process.stdout.write(listed(options.json === true));
        return;
      }
      if (options.host && paths.length > 0)
        throw new UserError('--host reads this machine, so it takes no paths', rootCommandLine('lint', '--host'), 2);
      const progress = process.stderr.isTTY
        ? (files: number): void => {
            process.stderr.write(`\r\u001b[K${files} files`);
          }
        : undefined;
      const { text, exitStatus, unread } = await run({
        paths: paths.length > 0 ? paths : ['.'],
        config: options.config ?? null,
        as: options.as ?? null,
        severity: options.severity,
        format: formatOf(options),
        host: options.host === true,
        colour: process.stdout.isTTY && !process.env['NO_COLOR'],
        ...(progress ? { progress } : {}),
      });
      if (progress) process.stderr.write('\r\u001b[K');
      if (unread !== null) process.stderr.write(unread);
      process.stdout.write(text);
      process.exitCode = exitStatus;
    });
}

function formatOf({ json, sarif, diff, format }: Options): Format {
  if (json) return 'json';
  if (sarif) return 'sarif';
  return diff ? 'diff' : (format ?? 'people');
}

function listed(json: boolean): string {
  const all = rules.map(({ code, trap, severity, page: { title } }) => ({ code, trap, severity, title }));
  if (json) return `${JSON.stringify({ schema: 1, rules: all }, null, 2)}\n`;
  return all.map(({ code, trap, severity, title }) => `${code}  ${severity.padEnd(7)}  ${trap}  ${title}\n`).join('');
}

type RunLint = (request: LintRequest) => Promise<LintAnswer>;

/** The parsers are in a bundle of their own, so that no other command loads them. */
async function run(request: LintRequest): Promise<LintAnswer> {
  const { runLint } = createRequire('/')(join(__dirname, 'lint.cjs')) as { runLint: RunLint };
  try {
    return await runLint(request);
  } catch (error) {
    // The other bundle has its own UserError class.
    if (!(error instanceof Error) || error.name !== 'UserError') throw error;
    const { next } = error as Error & { next: string | null };
    throw new UserError(error.message, next, 2);
  }
}
