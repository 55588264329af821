import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer, walkTokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../src/manual/reference.ts';
import { traps } from '../../src/traps/catalogue.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const markdown = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the generated pages (npm run docs)', () => {
  it('are on disk as they are made', () => {
    for (const [file, text] of Object.entries(referencePages())) expect(textOf(`docs/${file}`), file).toBe(text);
    const codes = readdirSync(join(root, 'docs/codes')).map((name) => `codes/${name}`);
    expect(codes.sort()).toEqual(
      Object.keys(referencePages())
        .filter((file) => file.startsWith('codes/'))
        .sort(),
    );
  });

  it('have a trap for each number that sources and docs name', () => {
    const named = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .map((name) => `src/${name}`)
      .filter((file) => statSync(join(root, file)).isFile())
      .concat(markdown)
      .flatMap((file) => [...textOf(file).matchAll(/\bT\d\d\b(?!:)/g)].map(([code]) => code));
    expect([...new Set(named)].filter((code) => !(code in traps)), 'named, but not in src/traps').toEqual([]);
  });
});

describe('links in Markdown', () => {
  it.each(markdown)('%s: each leads to a file and a heading that are there', (file) => {
    const broken: string[] = [];
    const links: string[] = [];
    void walkTokens(lexer(textOf(file)), (token) => {
      if (token.type === 'link') links.push((token as { href: string }).href);
    });
    for (const link of links.filter((href) => !/^[a-z]+:/.test(href))) {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(root, target)) || (heading !== undefined && !headingsOf(target).includes(heading)))
        broken.push(link);
    }
    expect(broken).toEqual([]);
  });
});

/** As GitHub names them. */
function headingsOf(file: string): string[] {
  return [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
