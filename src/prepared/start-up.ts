import type { Pm2Home } from '../runtime/brands.ts';
import childProcess from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { Script } from 'node:vm';
import { findUntrusted } from '../trust/trust.ts';
import { loadBy, scriptOf, unwatchInstances, wrappedModule, type Frames, type StackPlace } from './compile.ts';
import { fileState, type Kept, type Prepared } from './form.ts';
import { mainModule, moduleLoader, type ModuleLoader } from './loader.ts';
import { takeOver } from './take-over.ts';

type Result = Pick<Prepared, 'paths' | 'states' | 'lookups' | 'found' | 'modules' | 'frames'> & { kept: Kept };

/** One observed start of pm2: the files it loads, how node finds them, and V8's code of them. */
export class StartUp {
  readonly #loader: ModuleLoader = moduleLoader();
  readonly #scripts = new Map<string, { script: Script; text: string }>();
  #loaded: string[] = [];
  #found: [key: string, path: string][] = [];
  #frames: Frames | null = null;
  #failure: Error | null = null;

  /** @param pm2Package physical path of the package's directory */
  constructor(private readonly pm2Package: string) {}

  /**
   * Loads pm2 as its bin/pm2 does, but never a sealed package's replacement of it (src/seal).
   * @param pm2Home a writable directory
   */
  begin(pm2Home: Pm2Home): void {
    const loader = this.#loader;
    const bin = join(this.pm2Package, 'bin/pm2');
    this.#frames = framesOf(loader, join(pm2Home, 'probe.js'));
    const before = new Set(Object.keys(loader._cache));
    const known = new Set(Object.keys(loader._pathCache));
    for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'] as const) {
      (childProcess as Record<string, unknown>)[name] = () => {
        throw new Error('pm2 starts a program');
      };
    }
    const main = new loader(bin);
    main.filename = bin;
    main.paths = loader._nodeModulePaths(dirname(bin));
    process.argv = [process.execPath, bin, 'jlist'];
    Reflect.set(process, 'mainModule', main);
    const restore = this.#watch();
    try {
      main._compile("require('../lib/binaries/CLI.js')", bin);
    } catch (error) {
      this.#failure = error as Error;
    } finally {
      restore();
      unwatchInstances(loader);
    }
    this.#loaded = Object.keys(loader._cache).filter((path) => !before.has(path));
    this.#found = Object.entries(loader._pathCache).filter(([key]) => !known.has(key));
  }

  /**
   * Loads each module as a call will, except modules that users other than root could have written. Returns the
   * function that ends this.
   */
  #watch(): () => void {
    const loader = this.#loader;
    const extension = loader._extensions['.js'];
    const scriptFor = (name: string): Script => this.#scripts.get(name)?.script ?? scriptOf('', name, undefined);
    const by = { scriptFor, take: () => undefined };
    const ours = this.#frames === null ? null : loadBy(loader, this.#frames, mainModule(), by);
    loader._extensions['.js'] = (module, filename) => {
      requireRoots(filename);
      const content = readFileSync(filename, 'utf8');
      if (ours === null || !isPlain(filename, content)) {
        extension?.(module, filename);
        return;
      }
      const text = wrappedModule(content);
      this.#scripts.set(filename, { text, script: scriptOf(text, filename, undefined) });
      ours(module, filename);
    };
    return () => {
      loader._extensions['.js'] = extension;
    };
  }

  /** @throws Error if nothing can be stored */
  result(): Result {
    if (this.#failure !== null) throw this.#failure;
    if (this.#loaded.length === 0) throw new Error('pm2 was not loaded');
    const root = rootOf(this.pm2Package, this.#loaded);
    const directories = [...new Set(this.#loaded.flatMap((path) => above(path, root)))];
    const manifests = directories.map((directory) => join(directory, 'package.json')).filter(existsSync);
    const paths = [...new Set([...directories, ...manifests, ...this.#loaded])];
    for (const path of paths) requireRoots(path);
    const index = new Map(paths.map((path, at) => [path, at]));
    const scripts = [...this.#scripts].filter(([path]) => index.has(path));
    const code = scripts.map(([, { script }]) => script.createCachedData());
    const texts = scripts.map(([, { text }]) => (/[^\0-\x7f]/.test(text) ? Buffer.from(text, 'utf16le') : text));
    const parts = code.flatMap((bytes, at) => [bytes, texts[at] ?? '']);
    return {
      paths,
      states: paths.flatMap((path) => [...fileState(lstatSync(path))]),
      ...this.#resolutions(index),
      modules: scripts.map(([path], at) => {
        const [bytes, text = ''] = [code[at], texts[at]];
        return [index.get(path) ?? 0, bytes?.length ?? 0, text.length, typeof text !== 'string'];
      }),
      kept: {
        bytes: Buffer.concat(parts.filter((part) => typeof part !== 'string')),
        text: texts.filter((text) => typeof text === 'string').join(''),
      },
      frames: this.#frames,
    };
  }

  /** The paths that node found, except through symlinks: their targets can change elsewhere. */
  #resolutions(index: ReadonlyMap<string, number>): Pick<Prepared, 'lookups' | 'found'> {
    const globals = this.#loader.globalPaths.map((path) => `\0${path}`).join('');
    const lookups = new Map<string, { text: string; global: boolean; at: number }>();
    const found: Prepared['found'] = [];
    for (const [key, path] of this.#found) {
      const at = index.get(path);
      const end = key.indexOf('\0');
      const [request, rest] = [key.slice(0, end), key.slice(end + 1)];
      const global = globals !== '' && rest.endsWith(globals);
      const text = global ? rest.slice(0, -globals.length) : rest;
      if (at === undefined || !text.split('\0').some((directory) => liesThere(path, directory, request))) continue;
      const lookup = lookups.get(rest) ?? { text, global, at: lookups.size };
      lookups.set(rest, lookup);
      found.push([request, lookup.at, at]);
    }
    return { lookups: [...lookups.values()].map(({ text, global }) => ({ text, global })), found };
  }
}

/** The module was found in its directory, not through a symlink. */
function liesThere(path: string, directory: string, request: string): boolean {
  if (directory === '') return false;
  const packageName = request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
  const name = /^\.{1,2}(\/|$)/.test(request) ? request : packageName;
  return path.startsWith(resolve(directory, name));
}

function requireRoots(path: string): void {
  const fault = findUntrusted(path, lstatSync(path).isDirectory() ? 'directory' : 'file');
  if (fault !== null) throw new Error(`${fault.path} ${fault.why}`);
}

/** The directory of all loaded files: the package, or the node_modules that it shares with its dependencies. */
function rootOf(pm2Package: string, loaded: readonly string[]): string {
  const shared = /^.*\/node_modules(?=\/)/.exec(pm2Package)?.[0] ?? pm2Package;
  const root = [pm2Package, shared].find((directory) => loaded.every((path) => path.startsWith(directory + sep)));
  if (root === undefined) throw new Error(`pm2 loads modules from outside of ${shared}`);
  return root;
}

/** The directories from the file's parent directory up to `root`. */
function above(path: string, root: string): string[] {
  const directory = dirname(path);
  return directory.length < root.length ? [] : [directory, ...above(directory, root)];
}

/**
 * Node runs it as a plain module function: it has no hashbang and no import(), which needs the module's location. It
 * has no eval either: stack traces show the eval's line in the script, which is one line further down (V8 ignores the
 * offset there).
 */
function isPlain(filename: string, content: string): boolean {
  if (!/\.c?js$/.test(filename) || content.startsWith('#!') || isModuleScope(filename)) return false;
  return !/\b(import|eval|Function)\s*[(/]/.test(content.replace(HARMLESS, ''));
}

/** Libraries get the global object this way. It throws no error, so no stack trace shows it. */
const HARMLESS = /\bFunction\((?:'', ?)?(['"])return this\1\)/g;

/** A package.json says that a .js file is an ES module (node's documentation, "Determining module system"). */
function isModuleScope(filename: string): boolean {
  if (filename.endsWith('.cjs')) return false;
  for (let directory = dirname(filename); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (!existsSync(manifest)) {
      if (directory === '/') return false;
      continue;
    }
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }).type === 'module';
  }
}

/**
 * The positions of node's own calls. Null if a module loaded by `compile.ts` would show another stack trace than one
 * loaded by node.
 * @param filename for a test module, which is loaded in both ways
 */
function framesOf(loader: ModuleLoader, filename: string): Frames | null {
  const content = 'exports.stack = new Error().stack.split("\\n").slice(1, 5);';
  const stackOf = (): string[] => {
    const module = new loader(filename);
    loader._cache[filename] = module;
    module.load(filename);
    Reflect.deleteProperty(loader._cache, filename);
    return (module.exports as { stack: string[] }).stack;
  };
  try {
    writeFileSync(filename, content);
    const own = stackOf();
    const frames: Frames = { load: placeOf(own[2]), compile: placeOf(own[1]) };
    const kept = { filenames: [filename], scriptFor: () => scriptOf(wrappedModule(content), filename, undefined) };
    const restore = takeOver(loader, frames, mainModule(), kept);
    const ours = stackOf();
    restore();
    return ours.join('\n') === own.join('\n') ? frames : null;
  } catch {
    return null;
  }
}

function placeOf(frame = ''): StackPlace {
  const [, name = '', file = '', line = '', column = ''] = /^ +at (.*) \((.*):(\d+):(\d+)\)$/.exec(frame) ?? [];
  return { name, file, line: Number(line), column: Number(column) };
}
