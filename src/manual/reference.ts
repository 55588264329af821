import { pages as doctorPages } from '../doctor/codes.ts';
import { rules } from '../lint/rules/rules.ts';
import { TRAP_GROUPS } from '../traps/catalogue.ts';
import { ANSWERS, type Trap } from '../traps/trap.ts';
import { codes, type Page } from '../verdict/codes.ts';

const MADE = '<!-- Written by `npm run docs`. Edit the source that it names. -->';

/** The generated pages of docs/: text by path below it. `npm run docs` writes them. */
export function referencePages(): Record<string, string> {
  const verdicts = Object.entries<Page>(codes);
  const findings = Object.entries<Page>(doctorPages);
  return {
    'traps.md': trapsPage(),
    'codes/README.md': indexPage(verdicts, findings),
    ...Object.fromEntries([...verdicts, ...findings].map(([code, page]) => [`codes/${code}.md`, codePage(code, page)])),
    ...Object.fromEntries(rules.map((rule) => [`codes/${rule.code}.md`, rulePage(rule)])),
  };
}

function trapsPage(): string {
  const group = ([title, traps]: [string, Readonly<Record<string, Trap>>]): string[] => [
    `## ${title}`,
    '',
    ...Object.entries(traps).flatMap(([code, { title: what, seen, cause, answers }]) => [
      `### ${code}`,
      '',
      `${capital(what)}.`,
      '',
      `- What people see: ${seen}`,
      `- The cause: ${cause}`,
      ...answers.map((answer) => `- ${ANSWERS[answer]}`),
      '',
    ]),
  ];
  return page('The traps', 'src/traps', [
    'How apps end up in the wrong PM2 daemon. Each was seen in public, or measured on PM2 5.4, 6.0 and 7.0. ' +
      '`pm2-guard explain T01` shows one of them.',
    '',
    ...Object.entries(TRAP_GROUPS).flatMap(group),
  ]);
}

function indexPage(verdicts: [string, Page][], findings: [string, Page][]): string {
  const row = (code: string, title: string) => `| [${code}](${code}.md) | ${title.replaceAll('|', '\\|')} |`;
  const table = (title: string, rows: string[]) => [`## ${title}`, '', '| code | what |', '| --- | --- |', ...rows, ''];
  return page('Codes', 'src/manual/reference.ts', [
    'Each code has a page; `pm2-guard explain CODE` shows it too.',
    '',
    ...table(
      'Verdicts of the guard',
      verdicts.map(([code, { title }]) => row(code, title)),
    ),
    ...table(
      'Findings of doctor',
      findings.map(([code, { title }]) => row(code, title)),
    ),
    ...table(
      'Findings of lint',
      rules.map(({ code, page: { title } }) => row(code, title)),
    ),
  ]);
}

function codePage(code: string, { title, meaning, trap, cure }: Page): string {
  const source = code.startsWith('PG') ? 'src/verdict/codes.ts' : 'src/doctor/pages';
  return page(`${code}: ${title}`, source, [
    meaning,
    '',
    `**The trap:** ${trapLinks(trap)}`,
    '',
    `**The cure:** ${cure}`,
    '',
  ]);
}

function rulePage({
  code,
  trap,
  page: { title, problematic, correct, why, exceptions },
}: (typeof rules)[number]): string {
  return page(`${code}: ${title}`, 'src/lint/rules', [
    'Problematic:',
    '',
    '```',
    problematic,
    '```',
    '',
    'Correct:',
    '',
    '```',
    correct,
    '```',
    '',
    `**Why:** ${why} (${trapLinks(trap)})`,
    '',
    `**Exceptions:** ${exceptions}`,
    '',
  ]);
}

function trapLinks(text: string): string {
  return text.replace(/T\d\d/g, (code) => `[${code}](../traps.md#${code.toLowerCase()})`);
}

function page(title: string, source: string, lines: readonly string[]): string {
  return `${[`# ${title}`, '', MADE.replace('the source that it names', source), '', ...lines].join('\n').trimEnd()}\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
