import { readFileSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { identityOf, wrapBundle } from '../runtime/kept-code.ts';

/**
 * `node warm.cjs BUNDLE TARGET`, run by install with the node that will run the guard: writes V8's compiled form of the
 * bundle, which the shims hand back to V8 at every call. It saves 4 of the 9.5 ms that a call of pm2 costs beside node
 * itself, and 40 of the 100 that a command of pm2-guard takes to begin. V8 checks the form against its own version and
 * flags, and the source by its length only; hence the first line of the file, which names the one bundle that it was
 * made from.
 */
const [, , bundle = '', target = ''] = process.argv;

interface Bundle {
  rehearse?: () => void | Promise<void>;
}

const identity = identityOf(bundle);
const script = new Script(wrapBundle(readFileSync(bundle, 'latin1')), { filename: bundle });
const run = script.runInThisContext() as (
  exports: object,
  require: NodeJS.Require,
  module: object,
  filename: string,
  directory: string,
) => void;
const loaded: { exports: Bundle } = { exports: {} };
run(loaded.exports, require, loaded, bundle, bundle.replace(/\/[^/]*$/, ''));

void Promise.resolve(loaded.exports.rehearse?.()).then(() => {
  writeFileSync(target, Buffer.concat([Buffer.from(`${identity}\n`), script.createCachedData()]));
});
