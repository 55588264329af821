import picomatch from 'picomatch';
import { SLASH, START, type Glob } from './globs.ts';

/** Characters of globs. In a literal name they need a backslash. */
const WILD = /[*?[\]{}\\]/;

export type Pattern =
  | { type: 'name'; name: string }
  | { type: 'glob'; prefix: string; suffix: string; source: string }
  | { type: 'bad'; why: string };

/** `*` also matches `/` and a leading dot, because an app's name is not a path. A leading `!` is refused. */
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

export function compiledGlob(pattern: string, glob: Pattern & { type: 'glob' }, daemon: number, line: number): Glob {
  return [glob.prefix, glob.suffix, glob.source, pattern, daemon, line];
}

// debug: throw on a bad pattern, where picomatch would match nothing. posix: [!a] negates.
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

/** Escapes the rest of picomatch's grammar, which is made for paths. After a brace or bracket, `+` would repeat it. */
function forPicomatch(text: string): string {
  return (
    START +
    text.replace(/\[[^\]]*\]|\\[^]|[()|"/+]|\.(?=\*)|\*+/g, (token) => {
      if (token.startsWith('[')) return token.replace(/\//g, SLASH);
      if (token.endsWith('/')) return SLASH;
      if (token.startsWith('*')) return '*';
      if (token === '.') return '[.]'; // picomatch takes a dot before a star for a hidden file, even with a backslash
      return token.length === 2 ? token : `\\${token}`;
    })
  );
}
