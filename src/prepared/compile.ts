import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import type { Module, ModuleLoader } from './loader.ts';

/*
 * How a module is loaded whose text is known and whose code V8 has already. Nothing must tell it from one that node
 * loaded, and node's own Module._extensions['.js'] and Module.prototype._compile take no code. So two functions take
 * their place for these modules. In a stack they stand where node's own do: this is measured when the files are made,
 * and compared (start-up.ts).
 */

/** A function of node's own as stacks show it, and where in node it makes its call. */
export interface StackPlace {
  name: string;
  file: string;
  line: number;
  column: number;
}

/** Module._extensions['.js'], which calls Module._compile, which calls the module. */
export interface Frames {
  load: StackPlace;
  compile: StackPlace;
}

/** Stands in for Module._extensions['.js']. */
export type Load = (module: Module, filename: string) => void;

/** A function that stands in: what it is given, its own text, and the words of it that make the call. */
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

/** The text stands on one line, which is moved so that its call is where node's is. */
type Given = (...args: unknown[]) => unknown;

function standIn({ given, text, call }: typeof LOAD, { name, file, line, column }: StackPlace): Given {
  const key = JSON.stringify(name);
  const whole = `(${given} => ({ ${key}: function ${text} })[${key}])`;
  const columnOffset = column - 1 - whole.indexOf(call);
  return new Script(whole, { filename: file, lineOffset: line - 1, columnOffset }).runInThisContext() as Given;
}

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {\n';

/** The text of a script that gives the function of a module. */
export function wrappedModule(content: string): string {
  return `${WRAPPER}${content}\n})`;
}

/**
 * The script of a module. Its first line is the wrapper's and has the number 0, so that lines and columns are the
 * file's.
 *
 * @param text wrapped
 * @param cachedData of the same text; undefined: V8 compiles it
 */
export function scriptOf(text: string, filename: string, cachedData: Buffer | undefined): Script {
  return new Script(text, { filename, lineOffset: -1, cachedData, importModuleDynamically: DYNAMIC });
}

/** An import() in what a module evaluates is node's, as in any module; before Node 20.10 there is no word for that. */
type Constants = { USE_MAIN_CONTEXT_DEFAULT_LOADER?: undefined } | undefined;
const DYNAMIC = (constants as unknown as Constants)?.USE_MAIN_CONTEXT_DEFAULT_LOADER;

/**
 * @param scriptFor gives the script of a module
 * @param take told of each module before it is run
 * @param running a module that is being run by node: it shows by which symbol node marks those; null: there is none
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
 * Node's own `require` for a module. Node makes one for a path (module.createRequire), bound to a module object of its
 * own, and asks of that object whether it is one (`mod instanceof Module`). There it is told to ask the real module.
 */
function requireOf(loader: ModuleLoader, module: Module, filename: string): NodeJS.Require {
  watchInstances(loader);
  watched.length = 0;
  const require = loader.createRequire(filename);
  const bound = watched.at(-1);
  if (bound === undefined) throw new Error('this node makes require in another way');
  // A getter, since the real one may be patched later; bound, since that leaves no frame in a stack.
  Object.defineProperty(bound, 'require', { get: () => module.require.bind(module) });
  // The errors of require.resolve name the modules that led there.
  Reflect.set(bound, 'parent', Reflect.get(module, 'parent'));
  return require;
}

const watched: object[] = [];

/** From here on the loader keeps what it is asked about. */
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

/** Takes that out of the loader again. */
export function unwatchInstances(loader: ModuleLoader): void {
  Reflect.deleteProperty(loader, Symbol.hasInstance);
  watched.length = 0;
}
