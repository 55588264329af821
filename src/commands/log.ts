import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import pico from 'picocolors';
import { appsInLine } from '../log/about.ts';
import type { LoggedOutcome } from '../log/line.ts';
import { readLog, type LogRead, type Recorded } from '../log/read.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import { UserError } from '../terminal/user-error.ts';

interface Options {
  lines: number;
  app?: string;
  user?: string;
  verdict?: LoggedOutcome;
  since?: Date;
  json?: boolean;
}

/** `pm2-guard log`: what was rewritten, blocked, bypassed and observed on this host. */
export function logCommand(): Command {
  return new Command('log')
    .description('the last calls that were rewritten, blocked, bypassed or observed, from the system log')
    .option('-n, --lines <number>', 'how many', wholeNumber, 20)
    .option('--app <app>', 'calls that name this app')
    .option('--user <user>', 'calls by this user, directly or through sudo')
    .addOption(
      new Option('--verdict <verdict>', 'calls that ended so').choices(['rewrite', 'block', 'bypass', 'observed']),
    )
    .option(
      '--since <time>',
      'calls since a date, or since so long: 2026-11-22, 2026-11-22T15:00, 30m, 12h, 7d',
      timeOrSpan,
    )
    .option('--json', 'one array for scripts, oldest first')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard log
  sudo pm2-guard log --verdict block --since 24h
  sudo pm2-guard log --app myapp --json | jq -r '.[] | [.time, .caller, .command] | @tsv'

Reads the journal, or where that has nothing auth.log, secure, messages or syslog in /var/log with what was rotated.
A user who can write to the system log can write such lines there: it is a report, not a proof.
Exit status: 0 shown, or there is nothing to show; 1 the log cannot be read.`,
    )
    .action(async ({ lines, app, user, verdict, since, json }: Options) => {
      const read = await readLog({
        lines,
        since: since ?? null,
        accepts: (entry) =>
          (verdict === undefined || entry.verdict === verdict) &&
          (user === undefined || entry.caller === user || entry.login === user) &&
          (app === undefined || appsInLine(entry).includes(app)),
      });
      const { entries, unreadable, source } = requireRead(read);
      if (json) {
        process.stdout.write(
          `${JSON.stringify(
            entries.map((entry) => ({ ...entry, apps: appsInLine(entry) })),
            null,
            2,
          )}\n`,
        );
        return;
      }
      if (unreadable > 0)
        process.stderr.write(
          `pm2-guard: ${unreadable === 1 ? 'a line' : `${unreadable} lines`} of ${source} under this tag ` +
            `${unreadable === 1 ? 'is' : 'are'} no record, and left out\n`,
        );
      if (entries.length === 0) process.stderr.write(`pm2-guard: nothing to show in ${source}\n`);
      else if (process.stdout.isTTY)
        process.stdout.write(asTable(entries, process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''));
      else process.stdout.write(asLines(entries));
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('A number from 1 on is expected.');
  return Number(text);
}

const SPANS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** ISO 8601, as `log --json` writes it. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

function timeOrSpan(text: string): Date {
  const [, number, unit = ''] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  const time = number === undefined ? timeOf(text) : new Date(Date.now() - Number(number) * (SPANS[unit] ?? 0));
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError(
      'A date such as 2026-11-22 or 2026-11-22T15:00 is expected, or a span such as 30m, 12h or 7d.',
    );
  return time;
}

/** An invalid Date for what is no date. A date alone means local midnight here; ECMAScript would take UTC. */
function timeOf(text: string): Date {
  // ECMAScript takes 7 for July 2001, and the 31st of February for the 3rd of March.
  const day = text.slice(0, 10);
  const midnight = new Date(DATE.test(text) ? `${day}T00:00Z` : NaN);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return new Date(NaN);
  return new Date(`${text.replace(' ', 'T')}${text === day ? 'T00:00' : ''}`);
}

function requireRead(read: LogRead): LogRead & { type: 'read' } {
  switch (read.type) {
    case 'read':
      return read;
    case 'denied':
      throw new UserError(
        `you may not read ${read.source}, or not all of it`,
        rootCommandLine(...process.argv.slice(2)),
      );
    case 'none':
      throw new UserError(
        'there is no system log on this host: no journal, and none of auth.log, secure, messages and syslog in ' +
          '/var/log',
        commandLineHere(['sudo', ...packageCommand('rsyslog')]),
      );
  }
}

const HEAD = ['time', 'verdict', 'who', 'command', 'belongs to'];

function cellsOf({ time, verdict, rule, caller, login, command, cut, daemon, user }: Recorded): string[] {
  const code = /^PG\d+$/.test(rule) ? ` ${rule}` : '';
  const owner = daemon === null ? '-' : `${daemon}${user === null ? '' : ` (${user})`}`;
  return [
    localTime(time),
    `${verdict}${code}`,
    login === null ? caller : `${login} as ${caller}`,
    `${command}${cut ? '...' : ''}`,
    owner,
  ].map(escapeControls);
}

function asLines(entries: readonly Recorded[]): string {
  return entries
    .map((entry) => {
      const [time = '', verdict = '', ...rest] = cellsOf(entry);
      return `${[time, verdict.padEnd('observed PG101'.length), ...rest, escapeControls(entry.rule)].join('  ')}\n`;
    })
    .join('');
}

function asTable(entries: readonly Recorded[], colour: boolean): string {
  const { bold, red, yellow, green, cyan } = pico.createColors(colour);
  const paint = { rewrite: green, block: red, bypass: yellow, observed: cyan };
  const table = new Table({
    head: HEAD.map(bold),
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: [null, null, null, commandWidth(entries), null],
  });
  for (const entry of entries) {
    const [time = '', verdict = '', ...rest] = cellsOf(entry);
    table.push([time, paint[entry.verdict](verdict), ...rest]);
  }
  return `${table.toString()}\n`;
}

/** The terminal width that is left, at least a few words; null: no command is that long. */
function commandWidth(entries: readonly Recorded[]): number | null {
  const rows = [HEAD, ...entries.map(cellsOf)];
  const [times = 0, verdicts = 0, people = 0, commands = 0, owners = 0] = HEAD.map(
    (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + ' '.length * 2,
  );
  const left = Math.max(24, (process.stdout.columns || 80) - (times + verdicts + people + owners + '|'.length * 6));
  return commands > left ? left : null;
}

/** Local time: `2026-11-22 15:07:32`. */
function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (part: number) => String(part).padStart(2, '0');
  return (
    `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ` +
    `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  );
}
