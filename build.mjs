// Bundles: one file for each thing that is started, with everything it needs inside, so that nothing
// is resolved at run time on a server. `dist` is what install.sh copies to /usr/local/lib/pm2-guard.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { bundle, compile, entryPoints, replaceFile } from './bundle.mjs';
import { bundledPackages, notices } from './packaging/licenses.mjs';
import { releaseDate } from './packaging/release.mjs';
import { shims } from './packaging/shims.mjs';

const result = await bundle(entryPoints, 'dist');

// HOUSE rule: the hot bundle holds only what the hot path needs. A stray import fails the build.
const outputs = Object.values(result.metafile.outputs);
const hot = Object.keys(outputs.find((output) => output.entryPoint === 'src/bin/pm2.ts').inputs);
const strays = hot.filter(
  (input) => input.includes('node_modules/') && !input.endsWith('node_modules/shell-quote/quote.js'),
);
const bundles = (names) => result.outputFiles.filter(({ path }) => names.includes(basename(path)));
if (strays.length > 0) {
  console.error(`the hot bundle must not carry libraries but shell-quote's quote:\n  ${strays.join('\n  ')}`);
  process.exit(1);
}

// If there is one import() of a module of ours, esbuild wraps every file that it imports: 0.6 ms for each call of pm2
// (src/runtime/late.ts).
for (const { path, text } of bundles(['pm2.cjs', 'sudo.cjs'])) {
  if (!text.includes('__esm(')) continue;
  console.error(`${basename(path)} must not import() modules of ours`);
  process.exit(1);
}

// The shims run the code that install keeps compiled (src/install/code.ts) as V8 scripts, which cannot import(). They
// read it as latin1, which is faster than UTF-8.
for (const { path, text } of bundles(['pm2.cjs', 'load-policy.cjs', 'sudo.cjs', 'pm2-guard.cjs'])) {
  const fault = /\bimport\(/.test(text)
    ? 'must not import() what is outside of it: import a module of ours that does'
    : /[^\0-\x7f]/.test(text)
      ? 'must be ASCII'
      : null;
  if (fault === null) continue;
  console.error(`${basename(path)} ${fault}`);
  process.exit(1);
}

// The shims stay in the repository: a checkout and the npm package run them from there.
for (const [name, text] of shims()) {
  if (readFileSync(`shims/${name}`, 'utf8') !== text) writeFileSync(`shims/${name}`, text);
}

// What install puts where man and the shells look.
mkdirSync('dist/share', { recursive: true });
for (const name of readdirSync('completions')) replaceFile(`dist/share/${name}`, readFileSync(`completions/${name}`));

// The man page, by the program that it is about.
const { outputFiles: [page] } = await compile({ manual: 'src/bin/manual.ts' }, 'dist');
const day = releaseDate().toISOString().slice(0, 10);
replaceFile('dist/share/pm2-guard.8', execFileSync(process.execPath, ['-', day], { input: page.text }));

/** Whose code is in them, for the packages that are made of them. */
export const packages = bundledPackages(result.metafile);
replaceFile('dist/THIRD-PARTY-LICENSES', notices(packages));

// The grammars that lint reads with, beside its bundle.
const grammars = ['', '-bash', '-javascript', '-php', '-python', '-ruby'].map((name) => `tree-sitter${name}.wasm`);
const shipped = dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
for (const name of grammars) replaceFile(`dist/${name}`, readFileSync(join(shipped, name)));
// In the public domain (the Unlicense), so no notice is owed.
const fish = createRequire(import.meta.url).resolve('@esdmr/tree-sitter-fish');
replaceFile('dist/tree-sitter-fish.wasm', readFileSync(fish));

// No bundle: what `seal` writes in place of a pm2's own bin/pm2, as people will read it there.
replaceFile('dist/door.cjs', readFileSync('src/bin/door.cjs'));

// What an older build left behind.
const built = ['door.cjs', ...result.outputFiles.map(({ path }) => basename(path))];
for (const name of readdirSync('dist')) if (!built.includes(name) && name.endsWith('.cjs')) rmSync(`dist/${name}`);
