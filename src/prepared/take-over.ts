import type { Script } from 'node:vm';
import { loadBy, unwatchInstances, type Frames } from './compile.ts';
import type { ModuleLoader } from './loader.ts';

export interface KeptModules {
  filenames: Iterable<string>;
  scriptFor: (filename: string) => Script;
}

/**
 * Makes node's loader load some files from stored code. All other files are loaded by node alone. The loader puts a
 * module into its cache just before it loads it. The cache has no prototype, so one with setters shows the next file.
 * @param running a module that node is running, or null (compile.ts)
 * @returns the function that ends this, without a trace
 */
export function takeOver(
  loader: ModuleLoader,
  frames: Frames,
  running: object | null,
  { filenames, scriptFor }: KeptModules,
): () => void {
  const { prototype, _cache: cache, _extensions: extensions } = loader;
  const { load, _compile: compile } = prototype;
  const extension = extensions['.js'];
  // Only for the next file. Node's own functions are restored before that file's code runs.
  const take = (): void => {
    extensions['.js'] = extension;
  };
  const ours = loadBy(loader, frames, running, { scriptFor, take });
  const before = Object.getPrototypeOf(cache) as object | null;
  const arrivals = Object.create(before) as object;
  for (const filename of filenames) {
    Object.defineProperty(arrivals, filename, {
      configurable: true,
      set(this: object, module: unknown) {
        Object.defineProperty(this, filename, { value: module, configurable: true, enumerable: true, writable: true });
        // If other code has replaced node's functions meanwhile, that code must load the files.
        if (extensions['.js'] !== extension || prototype.load !== load || prototype._compile !== compile) return;
        extensions['.js'] = ours;
      },
    });
  }
  Object.setPrototypeOf(cache, arrivals);
  return () => {
    Object.setPrototypeOf(cache, before);
    unwatchInstances(loader);
  };
}
