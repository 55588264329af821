// How every bundle is made, for build.mjs and for tests that need one of their own.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** What `dist` is made of: source by name of the bundle. */
export const entryPoints = {
  'pm2': 'src/bin/pm2.ts', // the hot path: what the shim loads on every call of pm2
  'load-policy': 'src/bin/load-policy.ts', // YAML, schema, cosmiconfig: only where the compiled policy is stale
  'read-process-file': 'src/bin/read-process-file.ts', // a child that evaluates an ecosystem file as its user
  'lint': 'src/bin/lint.ts', // the parsers of lint, for no other command
  'boot-unit': 'src/bin/boot-unit.ts', // the units of PM2: only where the daemon of a call does not run
  'adopt-agent': 'src/bin/adopt-agent.ts', // a child of adopt that works as the user whose app it moves
  'as-user': 'src/bin/as-user.ts', // a child with the rights of a user, where root's node does not switch users
  'pm2-guard': 'src/bin/pm2-guard.ts', // the command
  'sudo': 'src/bin/sudo.ts', // asked by the sudo shim about calls that name pm2
  'prepare': 'src/bin/prepare.ts', // run by install and by root's calls: keeps what starting pm2 takes
  'warm': 'src/bin/warm.ts', // run by install: keeps the bundles above that people wait for in V8's compiled form
};

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

/** The same, kept in memory, before `sharing`. */
export function compile(entryPoints, outdir, options = {}) {
  return build({
    absWorkingDir: dirname(fileURLToPath(import.meta.url)),
    entryPoints,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    minify: true, // names too: each call of pm2 reads them. `npm run stack` gives them back
    legalComments: 'eof',
    define: { __VERSION__: JSON.stringify(version) },
    plugins: [unused],
    metafile: true,
    write: false,
    ...options,
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
export function sharing(text) {
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
