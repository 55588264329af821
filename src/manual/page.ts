import { catalogue } from '../commands/explain.ts';
import { createProgram } from '../commands/program.ts';
import { VERSION } from '../policy/version.ts';
import { synopsisOf, commandSection, furtherHelp } from './commands.ts';
import { sectionOf } from './markdown.ts';
import { bold, filled, literal, macro, paragraph, prose, tagged } from './roff.ts';

/** The Markdown files that the page takes sections from, by their paths in the repository. */
export const SOURCES = [
  'README.md',
  'docs/calls.md',
  'docs/config.md',
  'docs/environment.md',
  'docs/layers.md',
  'docs/limits.md',
] as const;

/**
 * pm2-guard(8): the commands from the program, the codes from their catalogue, the rest from README and docs.
 * @param texts Markdown, by path
 * @param date of the release, as `2026-11-24`
 */
export function manual(texts: Readonly<Record<(typeof SOURCES)[number], string>>, date: string): string {
  const program = createProgram();
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.parent !== null);
  const lines = [
    macro('TH', 'PM2\\-GUARD', '8', date, `pm2\\-guard ${VERSION}`, 'System Administration'),
    macro('SH', 'NAME'),
    ...filled(`pm2\\-guard \\- ${prose(program.description().replace(/^E/, 'e').replace(/\.$/, ''))}`),
    macro('SH', 'SYNOPSIS'),
    ...commands.flatMap((command) => ['.br', synopsisOf(command)]).slice(1),
    macro('SH', 'DESCRIPTION'),
    ...sectionOf(texts['docs/calls.md'], 'What happens to a call'),
    macro('SH', 'COMMANDS'),
    ...furtherHelp(program),
    ...commands.flatMap(commandSection),
    macro('SH', 'CONFIGURATION'),
    ...sectionOf(texts['README.md'], 'The config'),
    ...sectionOf(texts['docs/config.md'], 'Keys'),
    macro('SH', 'ENVIRONMENT'),
    ...sectionOf(texts['docs/layers.md'], 'Variables'),
    ...sectionOf(texts['docs/environment.md'], 'The rule'),
    macro('SH', 'FILES'),
    ...sectionOf(texts['docs/layers.md'], 'Files'),
    macro('SH', 'EXIT STATUS'),
    ...paragraph(`Of ${bold('pm2')}, see DESCRIPTION; of ${bold(literal('pm2-guard'))}, see COMMANDS.`),
    macro('SH', 'DIAGNOSTICS'),
    ...paragraph(`More of each with ${bold(literal('pm2-guard explain CODE'))}.`),
    ...Object.entries(catalogue).flatMap(([code, { title }]) => tagged(bold(code), prose(title))),
    macro('SH', 'SEE ALSO'),
    `${bold('sudo')}(8), ${bold('sudoers')}(5), ${bold('visudo')}(8), ${bold('crontab')}(5)`,
    macro('SH', 'CAVEATS'),
    ...sectionOf(texts['docs/limits.md'], 'What it cannot catch'),
  ];
  // A heading already begins a paragraph.
  return `${lines.filter((line, index) => line !== '.PP' || !/^\.S[HS]/.test(lines[index - 1] ?? '')).join('\n')}\n`;
}
