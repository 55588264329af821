// How every bundle is made, for build.mjs and for tests that need one of their own.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

// What cosmiconfig would bring along and src/policy/read-config.ts never uses: loaders that run JavaScript and TypeScript (with
// typescript itself, 9 MB), and a search of the home directory that throws where a uid has neither HOME nor an account.
// What is not in the bundle cannot be reached by mistake either.
const unused = {
  name: 'cosmiconfig-without-loaders',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](cosmiconfig[\\/]dist[\\/]loaders|env-paths[\\/]index)\.js$/ }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
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

/** As a whole: tests may be running beside a build. */
export function replaceFile(path, content) {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}

// Every source file of ours asks for the first two as it starts. esbuild leaves it at that, and node answers each time anew, which
// takes 20 µs: half a millisecond of a call of pm2. The third brings node's ESM loader along, a third of a millisecond, and hardly
// any call needs what it is asked for.
function sharing(text) {
  const builtins = { __fs: 'require("node:fs")', __path: 'require("node:path")', __module: 'require("node:module")' };
  let shared = text;
  for (const [name, asked] of Object.entries(builtins)) shared = shared.replaceAll(asked, name);
  if (!shared.startsWith('"use strict";')) throw new Error('a bundle is not strict: where is tsconfig.json?');
  const declared = Object.entries(builtins).map(([name, asked]) => `${name}=${name === '__module' ? `{get createRequire(){return ${asked}.createRequire}}` : asked}`).join(',');
  return shared.replace('"use strict";', () => `"use strict";var ${declared};`);
}
