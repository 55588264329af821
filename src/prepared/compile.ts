import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import type { Module, ModuleLoader } from './loader.ts';

/*
 * Loads a module whose text is known and whose V8 code is cached. The module must not see a difference to node's own
 * loading. Module._extensions['.js'] and Module.prototype._compile accept no cached code, so two functions replace
 * them for these modules. In stack traces they must stand where node's functions do. The positions are measured when
 * the files are made, and compared (start-up.ts).
 */

/** A function of node as stack traces show it, and the position of its call. */
export interface StackPlace {
  name: string;
  file: string;
  line: number;
  column: number;
}

/** Module._extensions['.js'] calls Module._compile, which calls the module. */
export interface Frames {
  load: StackPlace;
  compile: StackPlace;
}

/** Replaces Module._extensions['.js']. */
export type Load = (module: Module, filename: string) => void;

/** A replacing function: its parameters, its text, and the part of the text that makes the call. */
const LOAD = {
  given: '(take, compile)',
  text: '(module, filename) { take(module); compile.call(module, filename); }',
  call: 'call(module',
};
const COMPILE = {
  given: '(wrap, apply, executing)',
  text:
    '(filename) { const { wrapper, args } = wrap(this, filename); if (executing) this[executing] = true; ' +
    'apply(wrapper, this.exports, args); if (executing) this[executing] = false; }',
  call: 'apply(wrapper',
};

type Given = (...args: unknown[]) => unknown;

/** The text is one line, shifted so that its call has node's position. */
function standIn({ given, text, call }: typeof LOAD, { name, file, line, column }: StackPlace): Given {
  const key = JSON.stringify(name);
  const whole = `(${given} => ({ ${key}: function ${text} })[${key}])`;
  const columnOffset = column - 1 - whole.indexOf(call);
  return new Script(whole, { filename: file, lineOffset: line - 1, columnOffset }).runInThisContext() as Given;
}

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {\n';

/** The text of a script whose value is the module's function. */
export function wrappedModule(content: string): string {
  return `${WRAPPER}${content}\n})`;
}

/**
 * The script of a module. Its first line is the wrapper's, with number 0, so that lines and columns match the file.
 * @param text wrapped
 * @param cachedData of the same text; undefined: V8 compiles it
 */
export function scriptOf(text: string, filename: string, cachedData: Buffer | undefined): Script {
  return new Script(text, { filename, lineOffset: -1, cachedData, importModuleDynamically: DYNAMIC });
}

/** Makes import() in an evaluated module use node's loader. Before Node 20.10 the constant does not exist. */
type Constants = { USE_MAIN_CONTEXT_DEFAULT_LOADER?: undefined } | undefined;
const DYNAMIC = (constants as unknown as Constants)?.USE_MAIN_CONTEXT_DEFAULT_LOADER;

/**
 * @param scriptFor returns the script of a module
 * @param take called for each module before it runs
 * @param running a module that node is running; it has the symbol that node marks those with; null: there is none
 */
export function loadBy(
  loader: ModuleLoader,
  frames: Frames,
  running: object | null,
  { scriptFor, take }: { scriptFor: (filename: string) => Script; take: (module: Module) => void },
): Load {
  const wrap = (module: Module, filename: string) => {
    const wrapper = scriptFor(filename).runInThisContext() as object;
    const require = requireOf(loader, module, filename);
    return { wrapper, args: [module.exports, require, module, filename, dirname(filename)] };
  };
  const symbols = Object.getOwnPropertySymbols(running ?? {});
  const executing = symbols.find(({ description }) => description === 'kIsExecuting');
  const compile = standIn(COMPILE, frames.compile)(wrap, Reflect.apply, executing);
  return standIn(LOAD, frames.load)(take, compile) as Load;
}

/**
 * Node's own `require` for a module. module.createRequire binds it to a new module object, which it checks
 * with `mod instanceof Module`. A getter of that object leads to the real module.
 */
function requireOf(loader: ModuleLoader, module: Module, filename: string): NodeJS.Require {
  watchInstances(loader);
  watched.length = 0;
  const require = loader.createRequire(filename);
  const bound = watched.at(-1);
  if (bound === undefined) throw new Error('this node makes require in another way');
  // A getter, because the real one may be patched later; bound, because that adds no stack frame.
  Object.defineProperty(bound, 'require', { get: () => module.require.bind(module) });
  // The errors of require.resolve name the parent modules.
  Reflect.set(bound, 'parent', Reflect.get(module, 'parent'));
  return require;
}

const watched: object[] = [];

/** From here on the loader records the objects that it checks. */
function watchInstances(loader: ModuleLoader): void {
  if (Object.hasOwn(loader, Symbol.hasInstance)) return;
  const isInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(loader, Symbol.hasInstance, {
    configurable: true,
    value(value: unknown) {
      if (typeof value === 'object' && value !== null) watched.push(value);
      return isInstance.call(loader, value);
    },
  });
}

export function unwatchInstances(loader: ModuleLoader): void {
  Reflect.deleteProperty(loader, Symbol.hasInstance);
  watched.length = 0;
}
