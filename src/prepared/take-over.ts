import type { Script } from 'node:vm';
import { loadBy, unwatchInstances, type Frames } from './compile.ts';
import type { ModuleLoader } from './loader.ts';

/** The files that are loaded from what is kept of them, and the script of each. */
export interface KeptModules {
  filenames: Iterable<string>;
  scriptFor: (filename: string) => Script;
}

/**
 * Has node's loader load some files from what is kept of them; all others it loads as ever, with nothing of ours in
 * the way. It puts a module into its cache right before it loads it. There this sees which file is next: by setters in
 * the prototype of the cache, which has none of its own.
 *
 * @param running a module that is being run by node, or null (compile.ts)
 * @returns what ends it, and leaves nothing behind
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
  // Only for the next file, and node's own again before anything of that file runs.
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
        // Not where another has come between node and the files: from then on it is that one's.
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
