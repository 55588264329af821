// How every bundle is made, for build.mjs and for tests that need one of their own.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

// Parts of cosmiconfig that src/policy/read-config.ts never uses: loaders that run JavaScript and TypeScript (with
// typescript itself, 9 MB), and a search of the home directory that throws if a uid has neither HOME nor an account.
// Code that is not in the bundle cannot be reached by mistake.
const unused = {
  name: 'cosmiconfig-without-loaders',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](cosmiconfig[\\/]dist[\\/]loaders|env-paths[\\/]index)\.js$/ }, () => ({
      contents: 'module.exports = {};',
      loader: 'js',
    }));
  },
};

/**
 * @param {Record<string, string>} entryPoints source by name of the bundle
 * @param {string} outdir
 */
export async function bundle(entryPoints, outdir) {
  const result = await compile(entryPoints, outdir);
  // Only now: a build that fails leaves the last good one in place.
  mkdirSync(outdir, { recursive: true });
  for (const { path, text } of result.outputFiles) replaceFile(path, sharing(text));
  return result;
}

/** The same, kept in memory. */
export function compile(entryPoints, outdir) {
  return build({
    absWorkingDir: dirname(fileURLToPath(import.meta.url)),
    entryPoints,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    define: { __VERSION__: JSON.stringify(version) },
    plugins: [unused],
    metafile: true,
    write: false,
  });
}

/** Replaces the file in one step: tests may run during a build. */
export function replaceFile(path, content) {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}

// Each source file calls require for the first two as it starts, and esbuild keeps each of these calls. One takes 20
// µs: half a millisecond of a call of pm2. The third loads node's ESM loader, which takes a third of a millisecond
// and which hardly any call needs.
function sharing(text) {
  const builtins = { __fs: 'require("node:fs")', __path: 'require("node:path")', __module: 'require("node:module")' };
  let shared = text;
  for (const [name, asked] of Object.entries(builtins)) shared = shared.replaceAll(asked, name);
  if (!shared.startsWith('"use strict";')) throw new Error('a bundle is not strict: where is tsconfig.json?');
  const late = (asked) => `{get createRequire(){return ${asked}.createRequire}}`;
  const declared = Object.entries(builtins).map(
    ([name, asked]) => `${name}=${name === '__module' ? late(asked) : asked}`,
  );
  return shared.replace('"use strict";', () => `"use strict";var ${declared.join(',')};`);
}
