import { statSync } from 'node:fs';
import { extname } from 'node:path';
import * as internals from 'cosmiconfig/dist/ExplorerSync.js';
import { fileError, type ConfigError } from './config-error.ts';
import { CONFIG_PLACES } from './places.ts';
import { parseSource, type ParsedSource } from './source.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';

/** Enough for 100,000 app names. */
const MAX_BYTES = 4 * 1024 * 1024;

interface Explorer {
  load(path: string): { config?: unknown; isEmpty?: boolean } | null;
}

// Not `cosmiconfigSync`: it first looks for a "meta config" in the current directory, reads package.json and runs
// .config/config.js there (cosmiconfig 9.0, getUserDefinedOptionsFromMetaConfig). No option turns that off, so root
// would run any user's code. This class reads only the file that `load` gets.
const { ExplorerSync } = internals as unknown as { ExplorerSync: new (options: Record<string, unknown>) => Explorer };

/** Keeps positions. Nothing is searched or executed, and `$import` is an unknown key. */
export function readConfig(path: string): ParsedSource {
  const loaders = { '.yaml': loader('yaml'), '.yml': loader('yaml'), '.json': loader('json') };
  if (!(extname(path) in loaders))
    return unreadable(
      fileError('broken', path, 'has a name that does not say what it is', 'a name that ends in .yaml, .yml or .json'),
    );
  const explorer = new ExplorerSync({
    moduleName: 'pm2-guard',
    searchPlaces: [...CONFIG_PLACES],
    searchStrategy: 'none',
    loaders,
    metaConfigFilePath: null,
    packageProp: [], // a config named package.json is read whole, without a `pm2-guard` key
    ignoreEmptySearchPlaces: false,
    mergeImportArrays: false,
    mergeSearchPlaces: false,
    cache: false,
    transform: (result: unknown) => result,
  });
  try {
    const stat = statSync(path);
    if (!stat.isFile())
      return unreadable(fileError('broken', path, stat.isDirectory() ? 'is a directory' : 'is no regular file'));
    const { size } = stat;
    if (size > MAX_BYTES) return unreadable(fileError('broken', path, `is ${size} bytes long`, `at most ${MAX_BYTES}`));
    const result = explorer.load(path);
    return result === null || result.isEmpty === true || result.config === undefined
      ? unreadable(emptyConfig(path))
      : (result.config as ParsedSource);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof RangeError) return unreadable(fileError('broken', path, 'is nested too deep to be read'));
    if (typeof code !== 'string') throw error;
    return unreadable(
      fileError(
        'broken',
        path,
        `cannot be read (${code})`,
        code === 'EACCES' ? `a file that all users may read: ${commandLineHere(['sudo', 'chmod', 'a+r', path])}` : null,
      ),
    );
  }
}

export function emptyConfig(path: string): ConfigError {
  return fileError('broken', path, 'is empty', `at least one daemon; draft a config with: ${rootCommandLine('init')}`);
}

function loader(language: 'yaml' | 'json') {
  return (path: string, text: string): ParsedSource => {
    // Signs of a binary file: a NUL, or the UTF-8 decoder's mark for an invalid byte.
    const at = text.search(/[\u0000\ufffd]/);
    if (at >= 0)
      return unreadable({ ...fileError('broken', path, 'is not UTF-8 text', 'a text file'), ...placeIn(text, at) });
    return parseSource(path, text, language);
  };
}

function placeIn(text: string, offset: number): Pick<ConfigError, 'line' | 'column'> {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1 };
}

function unreadable(error: ConfigError): ParsedSource {
  return { type: 'errors', errors: [error] };
}
