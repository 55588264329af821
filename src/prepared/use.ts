import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Script } from 'node:vm';
import { distrust } from '../trust/trust.ts';
import { endToSee, scriptOf, standIn } from './compile.ts';
import { isValid, readPrepared, type Prepared } from './form.ts';
import { moduleLoader, type Module, type ModuleLoader } from './loader.ts';
import { preparedFile } from './place.ts';

/** By these node loads modules in another way, or shows how it does. */
const CHANGES_LOADING = ['NODE_OPTIONS', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE', 'NODE_PRESERVE_SYMLINKS', 'NODE_PRESERVE_SYMLINKS_MAIN', 'NODE_PENDING_DEPRECATION'];

// As this process began: what the call becomes has another environment.
const off = process.env['PM2_GUARD_CACHE'] === 'off' || process.execArgv.length > 0
  || CHANGES_LOADING.some((name) => process.env[name] !== undefined && process.env[name] !== '');

interface Ready {
  prepared: Prepared;
  code: Buffer;
}

/** `stale`: nothing is prepared for this pm2 and this node as they are now. `none`: and nothing can be. */
export type Preparation = { type: 'ready'; ready: Ready } | { type: 'stale' | 'none' | 'off' };

let last: { bin: string; preparation: Preparation } | null = null;

/**
 * What root prepared of the start-up of a pm2, if it was made from exactly the files that are there. Never throws.
 *
 * @param bin path of bin/pm2, link or not
 */
export function preparationOf(bin: string): Preparation {
  if (last?.bin !== bin) last = { bin, preparation: look(bin) };
  return last.preparation;
}

function look(bin: string): Preparation {
  if (off) return { type: 'off' };
  try {
    const file = preparedFile(dirname(dirname(realpathSync.native(bin))), process.execPath);
    if (distrust(file, 'file') !== null) return { type: 'stale' };
    const ready = readPrepared(file);
    if (ready === null || !isValid(ready.prepared)) return { type: 'stale' };
    return ready.prepared.none === null ? { type: 'ready', ready } : { type: 'none' };
  } catch {
    return { type: 'stale' };
  }
}

/**
 * Gives node what was prepared: paths of modules that are found already, and code that is compiled already. The rest of the
 * process cannot tell.
 *
 * @param running a module that is being run by node
 * @returns what takes the code out of node's loader again
 */
export function applyPrepared({ prepared, code }: Ready, running: object | null): () => void {
  const loader = moduleLoader();
  const globals = loader.globalPaths.map((path) => `\0${path}`).join('');
  const lookups = prepared.lookups.map(({ text, global }) => `\0${text}${global ? globals : ''}`);
  const { paths } = prepared;
  for (const [request, lookup, path] of prepared.found) loader._pathCache[request + (lookups[lookup] ?? '')] = paths[path] ?? '';
  return prepared.frame === null ? () => undefined : applyCode(loader, { prepared, code }, running);
}

function applyCode(loader: ModuleLoader, { prepared: { paths, modules, frame }, code }: Ready, running: object | null): () => void {
  const parts = new Map<string, Buffer>();
  let start = 0;
  for (const [path, length] of modules) parts.set(paths[path] ?? '', code.subarray(start, start += length));
  const scriptFor = (content: string, filename: string): Script => {
    const script = scriptOf(content, filename, parts.get(filename));
    parts.delete(filename);
    if (script.cachedDataRejected === true) parts.clear(); // another V8, other flags: so with all that follow
    return script;
  };
  const node = Object.getOwnPropertyDescriptor(loader.prototype, '_compile');
  const compiled = loader.prototype._compile;
  const ours = standIn(loader, frame ?? { file: '', line: 1, column: 1 }, scriptFor, running);
  const restore = (): void => {
    endToSee(loader);
    if (node !== undefined) Object.defineProperty(loader.prototype, '_compile', node);
  };
  Object.defineProperty(loader.prototype, '_compile', {
    configurable: true,
    enumerable: true,
    get(this: Module) { return this.filename !== null && parts.has(this.filename) ? ours : compiled; },
    set(this: Module, value: unknown) {
      if (this === loader.prototype) restore(); // from here on it is another's
      Object.defineProperty(this, '_compile', { value, configurable: true, enumerable: true, writable: true });
    },
  });
  return restore;
}
