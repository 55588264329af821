import { quoteCommand } from '../terminal/shown.ts';

export interface AdoptWords {
  from?: string;
  to?: string;
  /** For a caller who is not root and would have to be. */
  asRoot?: boolean;
  /** Other options. */
  more?: readonly string[];
}

/**
 * A call of `pm2-guard adopt`, to be pasted. Names follow `--`: an app may be called `--yes`.
 *
 * @param names of apps; none: all that the options select
 */
export function adoptCommandWords(
  names: readonly string[],
  { from, to, asRoot = false, more = [] }: AdoptWords = {},
): string {
  const options = [...(from === undefined ? [] : ['--from', from]), ...(to === undefined ? [] : ['--to', to]), ...more];
  const sudo = asRoot || process.geteuid?.() === 0 ? ['sudo'] : []; // root may be in the shell of a user who typed sudo
  return quoteCommand([...sudo, 'pm2-guard', 'adopt', ...options, ...(names.length === 0 ? [] : ['--', ...names])]);
}
