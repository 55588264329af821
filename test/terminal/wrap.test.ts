import { describe, expect, it } from 'vitest';
import { fitted } from '../../src/terminal/columns.ts';
import { refilled, showsColour, widthOf, wrapped } from '../../src/terminal/wrap.ts';

const LONG = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen';

describe('how wide text is', () => {
  it('as the terminal, from 80 to 120 columns', () => {
    expect([40, 80, 100, 300].map((columns) => widthOf({ isTTY: true, columns }))).toEqual([80, 80, 100, 120]);
  });
  it('on what is no terminal lines stay whole', () => {
    expect(widthOf({ columns: 80 })).toBeNull();
    expect(wrapped(`${LONG} ${LONG}`, widthOf({}))).toBe(`${LONG} ${LONG}`);
    expect(refilled(`${LONG} ${LONG}`, null)).toBe(`${LONG} ${LONG}`);
  });
  it('colours are for terminals, and not with NO_COLOR', () => {
    const before = process.env['NO_COLOR'];
    try {
      delete process.env['NO_COLOR'];
      expect([showsColour({ isTTY: true }), showsColour({})]).toEqual([true, false]);
      process.env['NO_COLOR'] = '1';
      expect(showsColour({ isTTY: true })).toBe(false);
    } finally {
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
    }
  });
});

describe('wrapped', () => {
  const wraps =
    (text: string, ...lines: string[]) =>
    () => {
      expect(wrapped(text, 80).split('\n')).toEqual(lines);
    };
  it('between words', wraps(LONG, LONG.slice(0, 80), LONG.slice(81)));
  it('with the indent of the line', wraps(`  ${LONG}`, `  ${LONG.slice(0, 71)}`, `  ${LONG.slice(72)}`));
  it(
    'with the indent of the text behind a label',
    wraps(`  why   ${LONG}`, `  why   ${LONG.slice(0, 71)}`, `        ${LONG.slice(72)}`),
  );
  it(
    'a column of a table that is called like a program',
    wraps(`layer   sudo   ${LONG}`, `layer   sudo   ${LONG.slice(0, 62)}`, `        ${LONG.slice(63)}`),
  );
  it('a short line is left alone', wraps('a  b', 'a  b'));
  for (const line of [
    `  run:  sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart ${LONG}`,
    `  then  sudo chown www-data: ${LONG}`,
    `   or:  sudo pm2-guard seal ${LONG}`,
    `  sudo pm2-guard doctor --json | jq ${LONG}`,
    `  fix:      usermod -aG ${LONG}`,
    `runs     sudo -u www-data ${LONG}`,
    `            A=b C=d runuser -u www-data -- env ${LONG}`,
    `            mkdir -p /srv/${LONG}`,
  ])
    it(`never a command: ${line.slice(0, 16)}`, wraps(line, line));
  it(
    'before a command that follows its text',
    wraps(
      `  choose:   if you mean web (1 app)    sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 kill ${LONG}`,
      '  choose:   if you mean web (1 app)',
      `            sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 kill ${LONG}`,
    ),
  );
  it('never within a command or a quoted text of a sentence', () => {
    for (let fill = 40; fill < 80; fill++) {
      const text = wrapped(`${'x'.repeat(fill)} type sudo pm2-guard lint --host or "pm2 restart myapp" now`, 80);
      expect(text).toContain('sudo pm2-guard lint --host');
      expect(text).toContain('"pm2 restart myapp"');
    }
  });
  it('a word that is longer than a line stays whole', wraps(`a ${'/x'.repeat(60)} b`, 'a', '/x'.repeat(60), 'b'));
  it('counts no colours', () => {
    const red = `\u001b[31m${LONG}\u001b[39m`;
    expect(wrapped(red, 80).replace(/\u001b\[\d+m/g, '')).toBe(wrapped(LONG, 80));
  });
  it('loses and adds no word', () => {
    for (let width = 80; width <= 120; width += 7)
      for (const text of [LONG, `  seen  ${LONG}`, `gap: ${LONG} ${LONG}`, `${LONG}: ${LONG}`]) {
        const lines = wrapped(text, width).split('\n');
        expect(lines.join(' ').split(/\s+/)).toEqual(text.split(/\s+/));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }
  });
});

describe('refilled', () => {
  it('puts the lines of a paragraph together first', () => {
    const text = `${LONG}\n${LONG}\n\nExamples:\n  pm2-guard verify\n`;
    const lines = refilled(text, 80).split('\n');
    expect(lines.slice(0, 3).join(' ')).toBe(`${LONG} ${LONG}`);
    expect(lines.slice(3)).toEqual(['', 'Examples:', '  pm2-guard verify', '']);
  });
  it('leaves what fits as it is', () => {
    expect(refilled(`${LONG}\n${LONG}`, 120)).toBe(`${LONG}\n${LONG}`);
  });
});

describe('the cells of a table', () => {
  const drawn = (rows: string[][]) => {
    const widths = rows[0]?.map((_, at) =>
      Math.max(...rows.flatMap((row) => (row[at] ?? '').split('\n').map(({ length }) => length))),
    );
    return (widths ?? []).reduce((sum, one) => sum + one + 3, 1);
  };
  const rows = [
    ['', 'way', 'user', 'answers'],
    ['gap', LONG, 'www-data, deploy, ops', '/usr/lib/node_modules/pm2/bin/pm2'.repeat(3)],
  ];
  for (const width of [80, 100, 120])
    it(`fit ${width} columns, and use them`, () => {
      const table = fitted(rows, width);
      expect(drawn(table)).toBeLessThanOrEqual(width);
      expect(drawn(table)).toBeGreaterThan(width - 12);
      expect(table.flat().join('').replace(/\s/g, '')).toBe(rows.flat().join('').replace(/\s/g, ''));
    });
  it('are left alone where they fit', () => {
    expect(fitted([['a', 'b c']], 80)).toEqual([['a', 'b c']]);
  });
});
