import { readFileSync } from 'node:fs';
import { manual, SOURCES } from '../manual/page.ts';

// Run by the build in the root of the repository: node - 2026-11-24
const [date = ''] = process.argv.slice(2);
const texts = Object.fromEntries(SOURCES.map((file) => [file, readFileSync(file, 'utf8')]));
process.stdout.write(manual(texts as Record<(typeof SOURCES)[number], string>, date));
