import { createRequire } from 'node:module';

/** The parts of node:module that node's types omit. */
export interface Module {
  id: string;
  filename: string | null;
  path: string;
  paths: string[];
  exports: object;
  children: Module[];
  loaded: boolean;
  require(request: string): unknown;
  load: (this: Module, filename: string) => void;
  _compile: (this: Module, content: string, filename: string, format?: string) => unknown;
}

export interface ModuleLoader {
  new (id: string, parent?: Module): Module;
  prototype: Module;
  globalPaths: readonly string[];
  _pathCache: Record<string, string>;
  _cache: Record<string, Module>;
  _extensions: Record<string, ((module: Module, filename: string) => void) | undefined>;
  _nodeModulePaths(from: string): string[];
  createRequire(filename: string): NodeJS.Require;
  runMain(main: string): void;
}

/** The main module of this process: `require.main`. */
export function mainModule(): object | null {
  return (Reflect.get(process, 'mainModule') as object | undefined) ?? null;
}

/** Loads node:module late, because esbuild would wrap a named import. */
export function moduleLoader(): ModuleLoader {
  return createRequire('/')('node:module') as ModuleLoader;
}
