import { join } from 'node:path';
import { listDirectory } from '../../runtime/peek.ts';

const MOST_NAMES = 5000;

/**
 * The files that an absolute path with the wildcards of glob(7) names, in the order of names. Without wildcards: the
 * path, whether it exists or not. Null: it has a backslash, a class (`[[:alpha:]]`) or an invalid range.
 */
export function matchingFiles(pattern: string): string[] | null {
  if (!/[*?[\\]/.test(pattern)) return [pattern];
  let found = ['/'];
  for (const part of pattern.split('/').filter((name) => name !== '')) {
    if (!/[*?[\\]/.test(part)) {
      found = found.map((directory) => join(directory, part));
      continue;
    }
    const expression = expressionOf(part);
    if (expression === null) return null;
    found = found.flatMap((directory) =>
      listDirectory(directory, MOST_NAMES)
        .filter((name) => expression.test(name))
        .map((name) => join(directory, name)),
    );
  }
  return found;
}

/** A wildcard matches no leading dot. */
function expressionOf(part: string): RegExp | null {
  if (/\\|\[[^\]]*\[/.test(part)) return null;
  const source = part.replace(/\[([!^]?)(\]?[^\]]*)\]|[^]/g, (one, negation?: string, members?: string) => {
    if (members !== undefined) return `[${negation === '' ? '' : '^'}${members.replace(/[\]^]/g, '\\$&')}]`;
    return one === '*' ? '.*' : one === '?' ? '.' : one.replace(/[$()*+./?[\\\]^{|}-]/, '\\$&');
  });
  try {
    return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 's');
  } catch {
    return null; // [z-a]
  }
}
