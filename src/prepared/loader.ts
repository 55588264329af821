import { createRequire } from 'node:module';

/** What node's types leave out of node:module. */
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

/** The module that node runs, or takes for it: `require.main`. */
export function mainModule(): object | null {
  return (Reflect.get(process, 'mainModule') as object | undefined) ?? null;
}

/** node:module, asked for late: esbuild would wrap what imports it by name. */
export function moduleLoader(): ModuleLoader {
  return createRequire('/')('node:module') as ModuleLoader;
}
