import picomatch from 'picomatch';
import { SLASH, START, type Glob } from './globs.ts';

/** What tells a glob from a name. A name that holds one of these is written with a backslash before it. */
const WILD = /[*?[\]{}\\]/;

export type Pattern =
  | { type: 'name'; name: string }
  | { type: 'glob'; prefix: string; suffix: string; source: string }
  | { type: 'bad'; why: string };

/**
 * What an entry of `apps` stands for. `*` any characters, also none, and also `/` and a leading dot, because an app's
 * name is one word and not a path; `?` one character; `[ab]`, `[a-z]`, `[!a]` one of these or none of these; `{a,b}`
 * one of these words; a backslash takes a character as it is. Everything else stands for itself; a leading `!` is
 * refused, since nothing is taken back.
 */
export function parsePattern(text: string): Pattern {
  if (text.startsWith('!'))
    return {
      type: 'bad',
      why: 'starts with "!", and a pattern cannot be taken back (a name that does takes a backslash before it)',
    };
  if (!WILD.test(text)) return { type: 'name', name: text };
  if (/(^|[^\\])(\\\\)*\\$/.test(text)) return { type: 'bad', why: 'ends in a backslash' };
  const first = text.search(WILD);
  const last = (/^.*[*?[\]{}\\]/s.exec(text)?.[0] ?? '').length;
  try {
    const { source } = picomatch.makeRe(forPicomatch(text), OPTIONS);
    return { type: 'glob', prefix: text.slice(0, first), suffix: text.slice(last), source };
  } catch (error) {
    return { type: 'bad', why: `is no glob: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The compiled form of a glob. */
export function compiledGlob(pattern: string, glob: Pattern & { type: 'glob' }, daemon: number, line: number): Glob {
  return [glob.prefix, glob.suffix, glob.source, pattern, daemon, line];
}

// debug: a pattern that makes no regular expression is an error, not one that never matches. posix: [!a] negates.
const OPTIONS: picomatch.PicomatchOptions = {
  debug: true,
  dot: true,
  fastpaths: false,
  literalBrackets: false,
  noextglob: true,
  nonegate: true,
  posix: true,
  strictBrackets: true,
  windows: false,
};

/**
 * Names are no paths, and only what parsePattern names is wild: the rest of picomatch's grammar is switched off by
 * escapes.
 */
function forPicomatch(text: string): string {
  return (
    START +
    text.replace(/\[[^\]]*\]|\\[^]|[()|"/]|\.(?=\*)|\*+/g, (token) => {
      if (token.startsWith('[')) return token.replace(/\//g, SLASH);
      if (token.endsWith('/')) return SLASH;
      if (token.startsWith('*')) return '*';
      if (token === '.') return '[.]'; // a dot before a star would be read as a hidden file's, also behind a backslash
      return token.length === 2 ? token : `\\${token}`;
    })
  );
}
