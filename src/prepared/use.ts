import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Script } from 'node:vm';
import { findUntrusted } from '../trust/trust.ts';
import { scriptOf, type Frames } from './compile.ts';
import { isValid, readPrepared, type Kept, type Prepared } from './form.ts';
import { moduleLoader, type ModuleLoader } from './loader.ts';
import { preparedFile } from './place.ts';
import { takeOver } from './take-over.ts';

/** Variables that change how node loads modules, or that report it. */
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

// From the start of this process: the call gets another environment.
const off =
  process.env['PM2_GUARD_CACHE'] === 'off' ||
  process.execArgv.length > 0 ||
  CHANGES_LOADING.some((name) => process.env[name] !== undefined && process.env[name] !== '');

interface Ready {
  prepared: Prepared;
  kept: Kept;
}

/** `stale`: nothing is prepared for this pm2 and node as they are now. `none`: nor can it be. */
export type Preparation =
  { type: 'ready'; ready: Ready; whole: boolean } | { type: 'none'; whole: boolean } | { type: 'stale' | 'off' };

let last: { bin: string; preparation: Preparation } | null = null;

/**
 * The prepared start-up of a pm2, if all its files are unchanged. Never throws.
 * @param bin path of bin/pm2, symlink or not
 */
export function preparationOf(bin: string): Preparation {
  if (last?.bin !== bin) last = { bin, preparation: look(bin) };
  return last.preparation;
}

/** Whether only root could change any part of the pm2 package when this was made, and it is unchanged. */
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
 * Gives node the module paths and compiled code that were prepared. Other code cannot see it.
 * @param running a module that node is running
 * @returns the function that removes the code from node's loader
 */
export function applyPrepared(ready: Ready, running: object | null): () => void {
  const loader = moduleLoader();
  const { paths, lookups, found, frames } = ready.prepared;
  const globals = loader.globalPaths.map((path) => `\0${path}`).join('');
  const keys = lookups.map(({ text, global }) => `\0${text}${global ? globals : ''}`);
  for (const [request, lookup, path] of found) loader._pathCache[request + (keys[lookup] ?? '')] = paths[path] ?? '';
  return frames === null ? () => undefined : applyCode(loader, ready, frames, running);
}

/** The stored positions of one module. */
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
    if (script.cachedDataRejected === true) usable = false; // other V8 or flags: it rejects all further code
    return script;
  };
  return takeOver(loader, frames, running, { filenames: parts.keys(), scriptFor });
}
