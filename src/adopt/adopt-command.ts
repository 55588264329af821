import { quoteCommand } from '../terminal/shown.ts';

export interface AdoptWords {
  from?: string;
  to?: string;
  /** The caller is not root, and root is needed. */
  asRoot?: boolean;
  more?: readonly string[];
}

/** A call of `pm2-guard adopt`, ready to paste. Names follow `--`: an app may be called `--yes`. */
export function adoptCommandWords(
  names: readonly string[],
  { from, to, asRoot = false, more = [] }: AdoptWords = {},
): string {
  const options = [...(from === undefined ? [] : ['--from', from]), ...(to === undefined ? [] : ['--to', to]), ...more];
  const sudo = asRoot || process.geteuid?.() === 0 ? ['sudo'] : []; // root may have come by sudo
  return quoteCommand([...sudo, 'pm2-guard', 'adopt', ...options, ...(names.length === 0 ? [] : ['--', ...names])]);
}
