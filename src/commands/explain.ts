import { Command } from 'commander';
import { pages } from '../doctor/codes.ts';
import { lintPages } from '../lint/pages.ts';
import { explain, type Explanation } from '../guard/explain.ts';
import { asPosix } from '../runtime/brands.ts';
import { readTyped } from '../sudo/typed.ts';
import { escapeControls } from '../terminal/escape.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { widthOf, wrapped } from '../terminal/wrap.ts';
import { UserError } from '../terminal/user-error.ts';
import { traps } from '../traps/catalogue.ts';
import { trapText } from '../traps/text.ts';
import type { Trap } from '../traps/trap.ts';
import { codes, type Page } from '../verdict/codes.ts';

/** `pm2-guard explain`: the verdict on a command line without running it, or the meaning of a code. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'what the guard would do with a pm2 command line, and why; or what a code such as PG101, or a trap such as ' +
        'T01, means',
    )
    .argument('<words...>', 'the command line, after --; or a code; or a trap')
    .option('--as <user>', 'as if this user typed it, after a fresh login')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  pm2-guard explain -- pm2 restart myapp
  pm2-guard explain -- sudo pm2 start npm --name myapp -- start
  pm2-guard explain --as deploy --json -- sudo -u www-data pm2 list
  pm2-guard explain PG101
  pm2-guard explain PD101
  pm2-guard explain PL001
  pm2-guard explain T01

Exit status: 0 whatever the verdict is; 1 for what is no pm2 command line; 78 where the config cannot be used;
127 where there is no real pm2.`,
    )
    .action(async (words: string[], options: { as?: string; json?: boolean }) => {
      const [code = ''] = words;
      if (words.length === 1 && /^P[GDL]\d{3}$/i.test(code)) {
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ code: code.toUpperCase(), ...pageOf(code) }, null, 2)}\n`
            : said(page(code)),
        );
        return;
      }
      if (words.length === 1 && /^T\d{2}$/i.test(code)) {
        const trap = trapOf(code.toUpperCase());
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ code: code.toUpperCase(), ...trap }, null, 2)}\n`
            : said(trapText(code.toUpperCase(), trap)),
        );
        return;
      }
      const self = { euid: asPosix(process).geteuid(), env: process.env };
      const explanation = await explain(readTyped(words, options.as ?? null, self));
      process.stdout.write(options.json ? `${JSON.stringify(explanation, null, 2)}\n` : said(inWords(explanation)));
    });
}

function said(text: string): string {
  return wrapped(text, widthOf(process.stdout));
}

/** PGnnn: verdicts and refusals; PDnnn: findings of doctor; PLnnn: findings of lint. */
export const catalogue: Readonly<Record<string, Page>> = { ...codes, ...pages, ...lintPages };

function trapOf(code: string): Trap {
  const found = traps[code];
  if (!found)
    throw new UserError(`there is no trap ${code}; they are ${Object.keys(traps).join(', ')}`, 'pm2-guard explain T01');
  return found;
}

function pageOf(code: string): Page {
  const found = (catalogue as Readonly<Record<string, Page | undefined>>)[code.toUpperCase()];
  if (!found)
    throw new UserError(
      `there is no code ${code}; the codes are ${Object.keys(catalogue).join(', ')}`,
      'pm2-guard explain PG101',
    );
  return found;
}

function page(code: string): string {
  const { title, meaning, trap, cure } = pageOf(code);
  return [`${code.toUpperCase()}  ${title}`, '', meaning, '', `The trap:  ${trap}`, `The cure:  ${cure}`, ''].join(
    '\n',
  );
}

function inWords(of: Explanation): string {
  const { caller, invocation } = of;
  const things = [...invocation.targets, ...invocation.starts.filter((name) => !invocation.targets.includes(name))];
  const rows: [string, string][] = [
    ['verdict', `${of.verdict} (${of.code})`],
    ['reason', of.reason],
    ['rule', of.rule ?? 'none'],
    ['daemon', of.daemon === null ? 'none declared' : `${of.daemon}: user ${of.user}, PM2_HOME ${of.home}`],
    [
      'caller',
      `${caller.user}${caller.login === null ? '' : `, by sudo from ${caller.login}`}, whose pm2 would use ` +
        caller.home,
    ],
    [
      'asks',
      `${invocation.command ?? 'no command'} (${invocation.scope})${things.length > 0 ? `: ${things.join(', ')}` : ''}`,
    ],
    ['runs', of.exec.length > 0 ? quoteCommand(of.exec) : 'nothing'],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(9)}${escapeControls(value)}`);
  if (of.message.length > 0) lines.push('', 'and says:', ...of.message.map((line) => `  ${escapeControls(line)}`));
  return `${[...of.warnings.map((warning) => `warning  ${escapeControls(warning)}`), ...lines].join('\n')}\n`;
}
