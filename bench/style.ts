// How the code reads, in figures:  npm run measure:style
// The limits are those of CONTRIBUTING.md. corepack's figures stand beside ours (its main branch, November 2026).
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

interface Figure {
  what: string;
  ours: number;
  limit: number;
  corepack: string;
}

const WIDTH = 120;

function filesIn(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(directory, name)),
  );
}

const linesOf = (files: readonly string[]): string[] =>
  files.flatMap((file) => readFileSync(file, 'utf8').replace(/\n$/, '').split('\n'));

/** Lines that hold nothing but a comment. */
function commentLines(file: string): number {
  const text = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const commented = new Set<number>();
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
      const first = source.getLineAndCharacterOfPosition(range.pos).line;
      const last = source.getLineAndCharacterOfPosition(range.end).line;
      for (let line = first; line <= last; line++) commented.add(line);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return commented.size;
}

/** Names that more than one file declares and exports. */
function sharedNames(files: readonly string[]): string[] {
  const places = new Map<string, Set<string>>();
  for (const file of files) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      const exported =
        ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
      if (!exported) continue;
      for (const name of declaredBy(statement)) places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  return [...places].filter(([, where]) => where.size > 1).map(([name, where]) => `${name} (${[...where].join(', ')})`);
}

function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const named = statement as { name?: ts.Node };
  return named.name !== undefined && ts.isIdentifier(named.name) ? [named.name.text] : [];
}

const source = filesIn('src');
const tests = filesIn('test');
const lines = linesOf(source).filter((line) => line.trim() !== '');
const shared = sharedNames(source);
const wide = (files: readonly string[]) =>
  files.flatMap((file) =>
    linesOf([file]).flatMap((line, at) => (line.length > WIDTH ? [`${file}:${String(at + 1)}`] : [])),
  );
const words = readFileSync('README.md', 'utf8')
  .split(/\s+/)
  .filter((word) => word !== '').length;
const longest = Math.max(...source.map((file) => linesOf([file]).length));
const subjects = execFileSync('git', ['log', '-30', '--no-merges', '--format=%s'], { encoding: 'utf8' })
  .trimEnd()
  .split('\n');
const comments = source.reduce((sum, file) => sum + commentLines(file), 0);

const figures: Figure[] = [
  { what: 'comment lines, %', ours: (100 * comments) / lines.length, limit: 10, corepack: '6.0' },
  {
    what: 'characters a line',
    ours: lines.reduce((sum, line) => sum + line.length, 0) / lines.length,
    limit: 45,
    corepack: '42',
  },
  { what: `lines over ${String(WIDTH)} columns, src`, ours: wide(source).length, limit: 0, corepack: '2.4 %' },
  { what: `lines over ${String(WIDTH)} columns, test`, ours: wide(tests).length, limit: 0, corepack: '' },
  { what: 'exported names with two meanings', ours: shared.length, limit: 0, corepack: '4' },
  { what: 'lines of the longest file', ours: longest, limit: 250, corepack: '453' },
  { what: 'words of the README', ours: words, limit: 1800, corepack: '2236' },
  {
    what: 'commit subjects over 72, of the last 30',
    ours: subjects.filter((subject) => subject.length > 72).length,
    limit: 0,
    corepack: '0',
  },
];

for (const { what, ours, limit, corepack } of figures) {
  const rounded = Number.isInteger(ours) ? String(ours) : ours.toFixed(1);
  const over = ours > limit ? '  OVER' : '';
  console.log(
    `${what.padEnd(42)}${rounded.padStart(7)}  at most ${String(limit).padStart(5)}  corepack ${corepack}${over}`,
  );
}
if (process.argv.includes('--list')) console.log(['', ...shared, '', ...wide(source), ...wide(tests)].join('\n'));
if (figures.some(({ ours, limit }) => ours > limit)) process.exitCode = 1;
