import { readFileSync } from 'node:fs';
import { manual } from './page.ts';

// Run by the build: node - README.md 2026-11-24
const [readme = '', date = ''] = process.argv.slice(2);
process.stdout.write(manual(readFileSync(readme, 'utf8'), date));
