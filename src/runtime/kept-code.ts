import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

export function wrapBundle(text: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
}

/** The shims compare this text. */
export function identityOf(bundle: string): string {
  const { ino, size, mtimeMs } = statSync(bundle);
  return [ino, size, mtimeMs].join(' ');
}

type Wrapped = (exports: object, require: NodeJS.Require, module: object, filename: string, directory: string) => void;

/** By absolute path: ignores NODE_PATH and cwd. Uses V8's cached code if valid (install/code.ts). */
export function loadBundle(file: string): unknown {
  const require = createRequire('/');
  let code: Buffer;
  try {
    code = readFileSync(`${file.slice(0, -'cjs'.length)}${process.versions.v8}.code`);
    if (code.toString('latin1', 0, code.indexOf(10)) !== identityOf(file)) return require(file);
  } catch {
    return require(file);
  }
  const cachedData = code.subarray(code.indexOf(10) + 1);
  const script = new Script(wrapBundle(readFileSync(file, 'latin1')), { filename: file, cachedData });
  const module = { exports: {} };
  (script.runInThisContext() as Wrapped)(module.exports, require, module, file, dirname(file));
  return module.exports;
}
