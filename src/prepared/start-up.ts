import childProcess from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { Script } from 'node:vm';
import { distrust } from '../trust/trust.ts';
import { endToSee, scriptOf, standIn, type Frame } from './compile.ts';
import { stateOf, type Prepared } from './form.ts';
import { mainModule, moduleLoader, type Module, type ModuleLoader } from './loader.ts';

type Result = Pick<Prepared, 'paths' | 'states' | 'lookups' | 'found' | 'modules' | 'frame'> & { code: Buffer[] };

/** One start of pm2 that is watched: which files it loads, how node finds them, and what V8 makes of them. */
export class StartUp {
  readonly #loader: ModuleLoader = moduleLoader();
  readonly #scripts = new Map<string, Script>();
  #loaded: string[] = [];
  #found: [key: string, path: string][] = [];
  #frame: Frame | null = null;
  #failure: Error | null = null;

  /** @param pm2Package physical path of the package's directory */
  constructor(private readonly pm2Package: string) {}

  /** Loads pm2 as its bin/pm2 does, without running what may stand there in its place (src/seal). */
  begin(): void {
    const loader = this.#loader;
    const bin = join(this.pm2Package, 'bin/pm2');
    this.#frame = frameOf(loader);
    const before = new Set(Object.keys(loader._cache));
    const known = new Set(Object.keys(loader._pathCache));
    for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'] as const) {
      (childProcess as Record<string, unknown>)[name] = () => { throw new Error('no program is started while pm2 is being prepared'); };
    }
    const main = new loader(bin);
    main.filename = bin;
    main.paths = loader._nodeModulePaths(dirname(bin));
    process.argv = [process.execPath, bin, 'jlist'];
    Reflect.set(process, 'mainModule', main);
    const compile = loader.prototype._compile;
    this.#watch();
    try {
      compile.call(main, 'require(\'../lib/binaries/CLI.js\')', bin);
    } catch (error) {
      this.#failure = error as Error;
    } finally {
      loader.prototype._compile = compile;
      endToSee(loader);
    }
    this.#loaded = Object.keys(loader._cache).filter((path) => !before.has(path));
    this.#found = Object.entries(loader._pathCache).filter(([key]) => !known.has(key));
  }

  /** Compiles each module as a call will, and none that others than root could have written. */
  #watch(): void {
    const loader = this.#loader;
    const compile = loader.prototype._compile;
    const frame = this.#frame;
    const ours = frame === null ? null : standIn(loader, frame, (content, filename) => {
      const script = scriptOf(content, filename, undefined);
      this.#scripts.set(filename, script);
      return script;
    }, mainModule());
    loader.prototype._compile = function compileWatched(this: Module, content, filename, format) {
      requireRoots(filename);
      // V8 keeps no code for what needs more than a function: a line for the shell, an import() that knows its place.
      const plain = !content.startsWith('#!') && !/\bimport\s*\(/.test(content) && (format === undefined || format === 'commonjs');
      return ours !== null && plain ? ours.call(this, content, filename) : compile.call(this, content, filename, format);
    };
  }

  /** @throws Error where nothing can be kept of it */
  result(): Result {
    if (this.#failure !== null) throw this.#failure;
    if (this.#loaded.length === 0) throw new Error('pm2 was not loaded');
    const root = rootOf(this.pm2Package, this.#loaded);
    const directories = [...new Set(this.#loaded.flatMap((path) => above(path, root)))];
    const manifests = directories.map((directory) => join(directory, 'package.json')).filter((path) => existsSync(path));
    const paths = [...new Set([...directories, ...manifests, ...this.#loaded])];
    for (const path of paths) requireRoots(path);
    const index = new Map(paths.map((path, at) => [path, at]));
    const scripts = [...this.#scripts].filter(([path]) => index.has(path));
    const code = scripts.map(([, script]) => script.createCachedData());
    return {
      paths,
      states: paths.flatMap((path) => [...stateOf(lstatSync(path))]),
      ...this.#resolutions(index),
      modules: scripts.map(([path], at) => [index.get(path) ?? 0, code[at]?.length ?? 0]),
      code,
      frame: this.#frame,
    };
  }

  /** What node found, but for what it found through links: their targets may change elsewhere. */
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

/** A module that was found in a directory lies there: no link led elsewhere. */
function liesThere(path: string, directory: string, request: string): boolean {
  if (directory === '') return false;
  const name = /^\.{1,2}(\/|$)/.test(request) ? request : request.split('/').slice(0, request.startsWith('@') ? 2 : 1).join('/');
  return path.startsWith(resolve(directory, name));
}

function requireRoots(path: string): void {
  const fault = distrust(path, lstatSync(path).isDirectory() ? 'directory' : 'file');
  if (fault !== null) throw new Error(`${fault.path} ${fault.why}`);
}

/** The directory that holds all that was loaded: the package, or the node_modules that it shares with what it needs. */
function rootOf(pm2Package: string, loaded: readonly string[]): string {
  const shared = /^.*\/node_modules(?=\/)/.exec(pm2Package)?.[0] ?? pm2Package;
  const root = [pm2Package, shared].find((directory) => loaded.every((path) => path.startsWith(directory + sep)));
  if (root === undefined) throw new Error(`pm2 loads modules from outside of ${shared}`);
  return root;
}

/** The directories from the one that holds a file up to `root`. */
function above(path: string, root: string): string[] {
  const directory = dirname(path);
  return directory.length < root.length ? [] : [directory, ...above(directory, root)];
}

/**
 * Where node's own Module._compile calls a module. Null where a module that is run as `compile.ts` does it would show another
 * stack than one that node runs: then V8's code is not kept for this node.
 */
function frameOf(loader: ModuleLoader): Frame | null {
  const filename = '/pm2-guard/probe.js';
  const stackBy = (compile: Module['_compile']): string[] => {
    const module = new loader(filename);
    module.filename = filename;
    module.paths = [];
    compile.call(module, 'exports.stack = new Error().stack.split("\\n").slice(1, 3); exports.main = require.main; exports.path = require.resolve("fs");', filename);
    return (module.exports as { stack: string[] }).stack;
  };
  try {
    const own = stackBy(loader.prototype._compile);
    const [, file = '', line = '', column = ''] = /\((.*):(\d+):(\d+)\)$/.exec(own[1] ?? '') ?? [];
    const frame: Frame = { file, line: Number(line), column: Number(column) };
    const ours = stackBy(standIn(loader, frame, (content, name) => scriptOf(content, name, undefined), mainModule()));
    return ours.join('\n') === own.join('\n') ? frame : null;
  } catch {
    return null;
  } finally {
    endToSee(loader);
  }
}
