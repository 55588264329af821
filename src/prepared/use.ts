import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Script } from 'node:vm';
import { findUntrusted } from '../trust/trust.ts';
import { scriptOf, type Frames } from './compile.ts';
import { isValid, readPrepared, type Kept, type Prepared } from './form.ts';
import { moduleLoader, type ModuleLoader } from './loader.ts';
import { preparedFile } from './place.ts';
import { takeOver } from './take-over.ts';

/** By these node loads modules in another way, or shows how it does. */
const CHANGES_LOADING = [
  'NODE_OPTIONS',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'NODE_PRESERVE_SYMLINKS',
  'NODE_PRESERVE_SYMLINKS_MAIN',
  'NODE_PENDING_DEPRECATION',
];

// As this process began: what the call becomes has another environment.
const off =
  process.env['PM2_GUARD_CACHE'] === 'off' ||
  process.execArgv.length > 0 ||
  CHANGES_LOADING.some((name) => process.env[name] !== undefined && process.env[name] !== '');

interface Ready {
  prepared: Prepared;
  kept: Kept;
}

/** `stale`: nothing is prepared for this pm2 and this node as they are now. `none`: and nothing can be. */
export type Preparation =
  { type: 'ready'; ready: Ready; whole: boolean } | { type: 'none'; whole: boolean } | { type: 'stale' | 'off' };

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

/**
 * Whether it was found that only root can change any part of the pm2 package, and none of what was looked at has
 * changed since.
 */
export function isProvenRoots(bin: string): boolean {
  const preparation = preparationOf(bin);
  const found = preparation.type === 'off' ? readPreparation(bin) : preparation;
  return (found.type === 'ready' || found.type === 'none') && found.whole;
}

function look(bin: string): Preparation {
  return off ? { type: 'off' } : readPreparation(bin);
}

function readPreparation(bin: string): Preparation {
  try {
    const file = preparedFile(dirname(dirname(realpathSync.native(bin))), process.execPath);
    if (findUntrusted(file, 'file') !== null) return { type: 'stale' };
    const ready = readPrepared(file);
    if (ready === null || !isValid(ready.prepared)) return { type: 'stale' };
    const { none, whole } = ready.prepared;
    return none === null ? { type: 'ready', ready, whole } : { type: 'none', whole };
  } catch {
    return { type: 'stale' };
  }
}

/**
 * Gives node what was prepared: paths of modules that are found already, and code that is compiled already. The rest
 * of the process cannot tell.
 *
 * @param running a module that is being run by node
 * @returns what takes the code out of node's loader again
 */
export function applyPrepared(ready: Ready, running: object | null): () => void {
  const loader = moduleLoader();
  const { paths, lookups, found, frames } = ready.prepared;
  const globals = loader.globalPaths.map((path) => `\0${path}`).join('');
  const keys = lookups.map(({ text, global }) => `\0${text}${global ? globals : ''}`);
  for (const [request, lookup, path] of found) loader._pathCache[request + (keys[lookup] ?? '')] = paths[path] ?? '';
  return frames === null ? () => undefined : applyCode(loader, ready, frames, running);
}

/** What is kept of one module, and where. */
type Part = readonly [code: number, codeEnd: number, text: number, textEnd: number, wide: boolean];

function applyCode(
  loader: ModuleLoader,
  { prepared: { paths, modules }, kept }: Ready,
  frames: Frames,
  running: object | null,
): () => void {
  const parts = new Map<string, Part>();
  let at = 0;
  let character = 0;
  for (const [path, code, text, wide] of modules) {
    const codeEnd = at + code;
    const start = wide ? codeEnd : character;
    parts.set(paths[path] ?? '', [at, codeEnd, start, start + text, wide]);
    at = wide ? codeEnd + text : codeEnd;
    if (!wide) character += text;
  }
  let usable = true;
  const scriptFor = (filename: string): Script => {
    const [code, codeEnd, text, textEnd, wide] = parts.get(filename) ?? [0, 0, 0, 0, false];
    const source = wide ? kept.bytes.toString('utf16le', text, textEnd) : kept.text.slice(text, textEnd);
    const script = scriptOf(source, filename, usable ? kept.bytes.subarray(code, codeEnd) : undefined);
    if (script.cachedDataRejected === true) usable = false; // another V8, other flags: so with all that follow
    return script;
  };
  return takeOver(loader, frames, running, { filenames: parts.keys(), scriptFor });
}
