import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lintPolicy } from '../../src/lint/config.ts';
import { filesBelow } from '../../src/lint/files.ts';
import { lint } from '../../src/lint/lint.ts';
import type { LintFinding } from '../../src/lint/model.ts';

/**
 * The label of a line. `!`: a finding is needed. `w`: one that is `wrong`. `s`: a statement of its file covers it.
 * `-`: a call with nothing to say of it. `.`: text. `?`: it cannot be known, so all but `wrong` is right.
 */
export type Label = '!' | 'w' | 's' | '-' | '.' | '?';

export interface LabelledLine {
  file: string;
  line: number;
  text: string;
  label: Label | null;
  findings: LintFinding[];
}

const CORPUS = join(import.meta.dirname, 'corpus');
const MARK = / {2}@([!ws.?-])$/;

interface CorpusFile {
  path: string;
  lines: { text: string; label: Label | null }[];
}

function filesOf(text: string): CorpusFile[] {
  return text
    .split(/^@@file /m)
    .slice(1)
    .map((part) => {
      const [path = '', ...lines] = part.replace(/\n$/, '').split('\n');
      return {
        path,
        lines: lines.map((line) => ({
          text: line.replace(MARK, ''),
          label: (MARK.exec(line)?.[1] ?? null) as Label | null,
        })),
      };
    });
}

/** Every line of the corpus with its label and with what lint says of it. */
export async function lintCorpus(): Promise<LabelledLine[]> {
  const found: LabelledLine[] = [];
  for (const name of readdirSync(CORPUS).filter((one) => one.endsWith('.corpus'))) {
    const text = readFileSync(join(CORPUS, name), 'utf8');
    const directory = mkdtempSync(join(tmpdir(), 'lint-corpus-'));
    const files = filesOf(text);
    for (const { path, lines } of files) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), `${lines.map((line) => line.text).join('\n')}\n`);
    }
    const policy = text.startsWith('@@config none') ? null : lintPolicy(join(CORPUS, 'config.yaml'));
    const { findings } = await lint({ inputs: filesBelow([directory]), policy, as: null });
    for (const { path, lines } of files) {
      const own = findings.filter(({ file }) => file === join(directory, path));
      for (const [index, line] of lines.entries()) {
        const here = own.filter((one) => one.lines.includes(index + 1));
        found.push({ file: `${name}: ${path}`, line: index + 1, ...line, findings: here });
      }
    }
    rmSync(directory, { recursive: true });
  }
  return found;
}
