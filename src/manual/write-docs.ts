// npm run docs: writes the generated pages below docs/, and removes those of deleted codes.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { referencePages } from './reference.ts';

const pages = referencePages();
mkdirSync('docs/codes', { recursive: true });
for (const name of readdirSync('docs/codes')) if (!(`codes/${name}` in pages)) rmSync(`docs/codes/${name}`);
for (const [file, text] of Object.entries(pages)) writeFileSync(`docs/${file}`, text);
