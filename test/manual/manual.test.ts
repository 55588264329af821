import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/commands/program.ts';
import { sectionOf } from '../../src/manual/markdown.ts';
import { manual, SOURCES } from '../../src/manual/page.ts';
import { example, filled, literal, macro, paragraph, prose } from '../../src/manual/roff.ts';
import { codes } from '../../src/verdict/codes.ts';

const textOf = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const texts = Object.fromEntries(SOURCES.map((file) => [file, textOf(file)])) as Parameters<typeof manual>[0];
const readme = texts['README.md'];
const page = manual(texts, '2026-11-24');
const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent' };
const through = (input: string, command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', env });
  return { status, stdout, stderr };
};
/** As it is read: without bold, in one long line a paragraph. */
const shown = (source: string) =>
  through(source, 'groff', '-man', '-Tutf8', '-P-cbou', '-rLL=10000n', '-rHY=0').stdout.replace(/ +/g, ' ');

describe('the man page', () => {
  const text = shown(page);

  it('is in dist/, as the build makes it', () => {
    const built = readFileSync(new URL('../../dist/share/pm2-guard.8', import.meta.url), 'utf8');
    const dateless = (source: string) => source.replace(/^\.TH.*$/m, '');
    expect(dateless(built)).toBe(dateless(manual(texts, '')).replaceAll('0.0.0-source', ''));
    expect(built).toMatch(/^\.TH "PM2\\-GUARD" "8" "\d{4}-\d\d-\d\d" "pm2\\-guard \d+\.\d+\.\d+/);
  });

  it.each([
    ['groff', ['-man', '-Tutf8', '-ww', '-z']],
    ['man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', '-']],
  ])('%s has nothing to warn of', (command, args) => {
    expect(through(page, command, ...args)).toMatchObject({ status: 0, stderr: '' });
    // It would say so.
    expect(through(`${page}.nosuch\n\\*[nosuch]\n`, command, ...args).stderr).not.toBe('');
  });

  it('mandoc has nothing to warn of, not even of its style', () => {
    expect(through(page, 'mandoc', '-Tlint', '-W', 'style')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(through(`${page}.nosuch\n`, 'mandoc', '-Tlint').stdout).not.toBe('');
  });

  it('names every command, option, argument and choice', () => {
    const program = createProgram();
    const commands = program
      .createHelp()
      .visibleCommands(program)
      .filter(({ parent }) => parent !== null);
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands) {
      const source =
        page
          .split(/^(?=\.S[SH] )/m)
          .find((part) => part.startsWith(`.SS "\\fBpm2\\-guard ${literal(command.name())}\\fR`)) ?? '';
      const section = shown(`.TH T 8\n${source}`);
      for (const { flags, argChoices } of command.createHelp().visibleOptions(command)) {
        expect(section).toContain(flags);
        for (const choice of argChoices ?? []) expect(section).toContain(choice);
      }
      for (const argument of command.registeredArguments) expect(section).toContain(argument.name());
      expect(section).toContain('Examples:');
      expect(section).toMatch(/^ *Exit status: 0 /m);
    }
  });

  it('names every code', () => {
    for (const [code, { title }] of Object.entries(codes))
      expect(text).toMatch(new RegExp(`^ *${code} +${title}$`, 'm'));
  });

  it('shows what is to be typed as it is typed, to the byte', () => {
    expect(text).toContain("pm2-guard check --json | jq -r '.errors[].message'");
    expect(text).toContain('sudo pm2-guard init --output /etc/pm2-guard/config.yaml');
    const [, yaml = ''] = /^```yaml\n([^]*?)^```$/m.exec(readme) ?? [];
    for (const line of yaml.trimEnd().split('\n')) expect(text).toContain(line.trim().replace(/ +/g, ' '));
  });

  it('the sections stand in the order that man-pages(7) and mandoc know', () => {
    expect([...text.matchAll(/^([A-Z][A-Z ]+)$/gm)].map(([, name]) => name)).toEqual([
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'COMMANDS',
      'CONFIGURATION',
      'ENVIRONMENT',
      'FILES',
      'EXIT STATUS',
      'DIAGNOSTICS',
      'SEE ALSO',
      'CAVEATS',
    ]);
  });
});

describe('roff', () => {
  it.each(['.SH no heading', "'br no request", 'a\\b \\fB \\e', 'it\'s `x` ^y ~z "q" --z - µ …', '-'])(
    '%s comes out as it is',
    (text) => {
      expect(shown(['.TH T 1', ...example([text])].join('\n'))).toContain(` ${text}\n`);
      expect(shown(['.TH T 1', ...paragraph(literal(text))].join('\n'))).toContain(` ${text}\n`);
    },
  );
  it('prose may have its hyphens and apostrophes set, nothing else', () => {
    expect(prose("well-kept -x it's a\\b")).toBe("well-kept \\-x it's a\\eb");
  });
  it('fills lines to what mandoc asks for, and guards each beginning', () => {
    const lines = filled(`${'word '.repeat(15)}xyz .dot 'quote ${'word '.repeat(15)}`);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(filled('.dot')).toEqual(['\\&.dot']);
  });
  it('quotes arguments', () => {
    expect(macro('SS', 'a "b"', 'c')).toBe('.SS "a \\(dqb\\(dq" "c"');
  });
});

describe('sections of Markdown', () => {
  it('ends where one of the same rank begins, and has those below', () => {
    expect(sectionOf('# A\n\nno\n\n## B\n\nyes\n\n### C\n\nthat too\n\n## D\n\nno\n', 'B')).toEqual([
      '.PP',
      'yes',
      '.SS "C"',
      '.PP',
      'that too',
    ]);
  });
  it('lists, code, tables, fonts', () => {
    expect(
      sectionOf(
        '## B\n\n- a `--b` **c** *d* < e &\n\n```sh\n.x\n```\n\n| k | v | more |\n| --- | --- | --- |\n| `a` | b | ' +
          'c |\n',
        'B',
      ),
    ).toEqual([
      '.IP \\(bu 2',
      'a \\fB\\-\\-b\\fR \\fBc\\fR \\fId\\fR < e &',
      '.PP',
      '.RS 4',
      '.EX',
      '\\&.x',
      '.EE',
      '.RE',
      '.TP',
      '\\fBa\\fR',
      'b; more: c',
    ]);
  });
  it('names each column of a table with more than three', () => {
    const rows = '| k | yours | mine | theirs |\n| --- | --- | --- | --- |\n| `a` | b | c | d |\n';
    expect(sectionOf(`## B\n\n${rows}`, 'B')).toEqual(['.TP', '\\fBa\\fR', 'yours: b; mine: c; theirs: d']);
  });
  it('a section that is gone, or what it cannot show, fails the build', () => {
    expect(() => sectionOf('# A\n', 'B')).toThrow('there is no section "B"');
    expect(() => sectionOf('# A\n\n![x](y.png)\n', 'A')).toThrow('no way to show image');
  });
});
