import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { expand } from '../runtime/expand.ts';
import { linkOf, realpathOrNull } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { shimOf } from './version-managers.ts';

/** What a file called pm2 runs that is no part of the package pm2 itself. */
export type Wrapped =
  | { type: 'package'; bin: string }
  /** A version manager would choose one of these when it runs. Sorted. */
  | { type: 'several'; tool: string; bins: readonly string[] };

/** pnpm 12 writes 5 KB; a compiled wrapper of Nix has up to 70 KB. */
const LONGEST = 131_072;
/** The links that path_resolution(7) follows. */
const MOST_LINKS = 40;

/**
 * The pm2 behind a script of a package manager (pnpm, Nix), or behind a shim of a version manager (asdf, nodenv, mise,
 * volta), which names no path.
 * @param bin absolute path as it is called: the script's `$0`
 * @param file its physical path
 * @param node the node that runs now. A shim called node has chosen it, and the shim called pm2 chooses the same.
 * @returns null: it is no such file, or leads to no pm2
 */
export function wrappedPm2(bin: string, file: string, node: string = process.execPath): Wrapped | null {
  const link = lastLink(bin);
  const text = textOf(file);
  const shim = shimOf(basename(file), text);
  if (shim === null) {
    const found = named(bin, file, text);
    return found === null ? null : { type: 'package', bin: found };
  }
  // A shim that is a link leads to the tool's program, and the link's directory is in the tool's own.
  const root = dirname(shim.linked ? (realpathOrNull(dirname(link)) ?? dirname(link)) : dirname(file));
  const bins = [
    ...new Set(shim.commands.flatMap((pattern) => expand(root, pattern)).flatMap((command) => behind(command) ?? [])),
  ];
  const [only] = bins;
  if (only === undefined) return null;
  if (bins.length === 1) return { type: 'package', bin: only };
  const chosen = behind(join(dirname(node), 'pm2'));
  return chosen !== null && bins.includes(chosen)
    ? { type: 'package', bin: chosen }
    : { type: 'several', tool: shim.tool, bins: bins.sort() };
}

/** A command that a version manager would run: a link into the package, or a script of a package manager. */
function behind(command: string): string | null {
  const file = realpathOrNull(command);
  if (file === null) return null;
  return isPm2(file) ? file : named(command, file, textOf(file));
}

/** The one pm2 that a script or a compiled wrapper names. */
function named(bin: string, file: string, text: string): string | null {
  const names = isScript(text) ? namedByScript(text, bin, file) : namedByProgram(text);
  const [target] = names;
  return target !== undefined && names.every((name) => name === target) && isPm2(realpathOrNull(target) ?? target)
    ? target
    : null;
}

/** A line by which a shell script ends as another program. */
const EXEC = /^[ \t]*exec[ \t]+([^\n]*)$/gm;
/** One word of a shell: quoted, plain or mixed. */
const WORD = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\;|&<>()`])+/g;

/**
 * `exec node "$basedir/global/5/node_modules/pm2/bin/pm2" "$@"` (pnpm), `exec -a "$0" "/nix/.../.pm2-wrapped" "$@"`.
 * pnpm's variables are the directory of the script, by the name it was called by or, since pnpm 12, by its physical
 * path.
 */
function namedByScript(text: string, bin: string, file: string): string[] {
  return [...text.matchAll(EXEC)].flatMap(([, line = '']) => {
    const words = (line.match(WORD) ?? []).map(unquoted);
    if (words[0] === '-a') words.splice(0, 2);
    const given = words.slice(0, Math.max(0, words.indexOf('$@')));
    const program = given.length > 1 && /(?:^|\/)node(?:js)?(?:\.exe)?$/.test(given[0] ?? '') ? given.slice(1) : given;
    const [target = ''] = program.filter((word) => !word.startsWith('-'));
    const places = [dirname(bin), dirname(file)].map((directory) =>
      target.replace(/^\$(?:basedir(?:_abs|_win)?|\{basedir(?:_abs|_win)?\})(?=\/)/, () => directory),
    );
    const place = places.find((path) => realpathOrNull(path) !== null) ?? places[0] ?? '';
    return isAbsolute(place) && !place.includes('$') && /\/\.?pm2(?:-wrapped)?$/.test(place) ? [join(place)] : [];
  });
}

function unquoted(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double?: string, single?: string, escaped?: string) =>
    double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\$`])/g, '$1'),
  );
}

/** makeBinaryWrapper of Nix keeps the words that it was made of in the program. */
function namedByProgram(text: string): string[] {
  return text.startsWith('\x7fELF')
    ? (text.match(/\/nix\/store\/[^\s\0'"\\]+\/(?:pm2\/bin\/pm2|bin\/\.pm2-wrapped)(?=[\s\0'"\\]|$)/g) ?? [])
    : [];
}

function isPm2(file: string): boolean {
  return file.endsWith('/pm2/bin/pm2');
}

function isScript(text: string): boolean {
  return /^#!\s*\S*\b(env\s+)?(ba|da|k|z)?sh\b/.test(text);
}

/** As Latin-1. Empty: unreadable, or longer than any wrapper. */
function textOf(file: string): string {
  try {
    return readRegularFile(file, LONGEST).toString('latin1');
  } catch {
    return '';
  }
}

/** The last path before the physical one, in a chain of links. */
function lastLink(bin: string): string {
  let at = bin;
  for (let count = 0; count < MOST_LINKS; count++) {
    const target = linkOf(at);
    const next = target === null ? null : resolve(dirname(at), target);
    if (next === null || basename(next) !== basename(bin)) return at;
    at = next;
  }
  return bin;
}
