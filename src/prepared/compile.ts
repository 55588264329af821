import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import type { Module, ModuleLoader } from './loader.ts';

/**
 * How a module is run whose code V8 already has. It must not be told from one that node compiled: node's own
 * Module.prototype._compile cannot be given code, so a function takes its place for these modules, and does what it does.
 */

/** Where the call of a module stands in node's Module._compile, as stack traces show it. */
export interface Frame {
  file: string;
  line: number;
  column: number;
}

/** Runs a module: the function that stands in for Module.prototype._compile. */
export type Compile = (this: Module, content: string, filename: string) => unknown;

/** The module's function and what it is called with. */
interface Wrapped {
  wrapper: object;
  args: unknown[];
}

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {\n';
// Its call stands where `at` says that it stands: on one line, in a file of that name.
const STAND_IN = '(function (wrap, apply, executing) { const Module = { prototype: {} }; Module.prototype._compile = function (content, filename) { '
  + 'const { wrapper, args } = wrap(this, content, filename); if (executing) this[executing] = true; '
  + 'const result = apply(wrapper, this.exports, args); if (executing) this[executing] = false; return result; }; return Module.prototype._compile; })';

/**
 * The script of a module. Its first line is the wrapper's and has the number 0, so that lines and columns are the file's.
 *
 * @param cachedData of the same text, wrapped as here; undefined: V8 compiles it
 */
export function scriptOf(content: string, filename: string, cachedData: Buffer | undefined): Script {
  const dynamic = (constants as unknown as { USE_MAIN_CONTEXT_DEFAULT_LOADER?: undefined } | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return new Script(`${WRAPPER}${content}\n})`, { filename, lineOffset: -1, cachedData, importModuleDynamically: dynamic });
}

/**
 * @param at where node's own call stands
 * @param scriptFor gives the script of a module
 * @param running a module that is being run by node: it shows by which symbol node marks those; null: there is none
 */
export function standIn(loader: ModuleLoader, at: Frame, scriptFor: (content: string, filename: string) => Script, running: object | null): Compile {
  const wrap = (module: Module, content: string, filename: string): Wrapped => {
    const wrapper = scriptFor(content, filename).runInThisContext() as object;
    return { wrapper, args: [module.exports, requireOf(loader, module, filename), module, filename, dirname(filename)] };
  };
  const executing = Object.getOwnPropertySymbols(running ?? {}).find(({ description }) => description === 'kIsExecuting');
  const start = STAND_IN.indexOf('apply(wrapper');
  const script = new Script(STAND_IN, { filename: at.file, lineOffset: at.line - 1, columnOffset: at.column - 1 - start });
  return (script.runInThisContext() as (...args: unknown[]) => Compile)(wrap, Reflect.apply, executing);
}

/**
 * node's own `require` for a module. Node makes one for a path (module.createRequire) and binds it to a module object of its own,
 * which it asks for its class (`mod instanceof Module`). There it is told to ask the real one.
 */
function requireOf(loader: ModuleLoader, module: Module, filename: string): NodeJS.Require {
  const seen = beginToSee(loader);
  const require = loader.createRequire(filename);
  const bound = seen();
  // A getter: the real one may be patched later, and a bound function leaves no frame in a stack.
  if (bound === null) throw new Error('node makes require in another way');
  Object.defineProperty(bound, 'require', { get: () => module.require.bind(module) });
  return require;
}

let asked: unknown = null;

/** From here on the loader says which object it was asked about. */
function beginToSee(loader: ModuleLoader): () => Module | null {
  asked = null;
  if (!Object.hasOwn(loader, Symbol.hasInstance)) {
    const isInstance = Function.prototype[Symbol.hasInstance];
    Object.defineProperty(loader, Symbol.hasInstance, {
      configurable: true,
      value(value: unknown) {
        asked = value;
        return isInstance.call(loader, value);
      },
    });
  }
  return () => (asked === null ? null : asked as Module);
}

/** Takes that out of the loader again. */
export function endToSee(loader: ModuleLoader): void {
  Reflect.deleteProperty(loader, Symbol.hasInstance);
  asked = null;
}
