import { beforeAll, describe, expect, it } from 'vitest';
import { lintCorpus, type LabelledLine } from './corpus.ts';

const shown = ({ file, line, text, findings }: LabelledLine): string =>
  `${file}:${line}: ${text.trim()}  ${findings.map(({ severity, code }) => `${severity} ${code}`).join(', ')}`;

describe('the corpus', () => {
  let lines: LabelledLine[];
  const labelled = (...labels: LabelledLine['label'][]) => lines.filter(({ label }) => labels.includes(label));
  beforeAll(async () => {
    lines = await lintCorpus();
  });

  it('has at least 60 files, and a label at each line that says pm2', () => {
    expect(new Set(lines.map(({ file }) => file)).size).toBeGreaterThanOrEqual(60);
    expect(lines.filter(({ label, text }) => label === null && text.includes('pm2')).map(shown)).toEqual([]);
  });

  it('finds what must be found: recall of at least 0.97', () => {
    const needed = labelled('!', 'w', 's');
    const missed = needed.filter(({ findings }) => findings.length === 0);
    expect(missed.length / needed.length, missed.map(shown).join('\n')).toBeLessThanOrEqual(0.03);
  });

  it('is quiet on clean lines and on text: at most 1 % false alarms', () => {
    const clean = labelled('-', '.');
    const alarms = clean.filter(({ findings }) => findings.some(({ severity }) => severity !== 'unknown'));
    expect(alarms.length / clean.length, alarms.map(shown).join('\n')).toBeLessThanOrEqual(0.01);
    expect(
      labelled(null)
        .filter(({ findings }) => findings.length > 0)
        .map(shown),
    ).toEqual([]);
  });

  it('says "wrong" where the file and the config tell, and nowhere else', () => {
    const isWrong = ({ findings }: LabelledLine) => findings.some(({ severity }) => severity === 'wrong');
    expect(
      labelled('w')
        .filter((line) => !isWrong(line))
        .map(shown),
    ).toEqual([]);
    expect(labelled('?', '-', '.', 's').filter(isWrong).map(shown)).toEqual([]);
  });
});
