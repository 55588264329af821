// Bundles: one file for each thing that is started, with everything it needs inside, so that nothing
// is resolved at run time on a server. `dist` is what install.sh copies to /usr/local/lib/pm2-guard.
import { build } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

rmSync('dist', { recursive: true, force: true });
const result = await build({
  entryPoints: {
    'pm2': 'src/guard/main.ts', // the hot path: what the shim loads on every call of pm2
    'load-policy': 'src/policy/slow.ts', // YAML, schema, cosmiconfig: only where the compiled policy is stale
    'read-process-file': 'src/pm2/read-process-file.ts', // a child that evaluates an ecosystem file as its user
    'pm2-guard': 'src/commands/main.ts', // the command
  },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node18',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  define: { __VERSION__: JSON.stringify(version) },
  metafile: true,
});

// HOUSE rule: the hot bundle holds only what the hot path needs. A stray import fails the build.
const hot = Object.keys(Object.values(result.metafile.outputs).find((output) => output.entryPoint === 'src/guard/main.ts').inputs);
const strays = hot.filter((input) => input.includes('node_modules/'));
if (strays.length > 0) {
  console.error(`the hot bundle must not carry libraries:\n  ${strays.join('\n  ')}`);
  process.exit(1);
}
