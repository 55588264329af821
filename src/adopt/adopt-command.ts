import { rootCommandLine } from '../terminal/root-command.ts';
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
  { from, to, asRoot: needsRoot = false, more = [] }: AdoptWords = {},
): string {
  const options = [...(from === undefined ? [] : ['--from', from]), ...(to === undefined ? [] : ['--to', to]), ...more];
  const words = ['adopt', ...options, ...(names.length === 0 ? [] : ['--', ...names])];
  // root may have come by sudo
  return needsRoot || process.geteuid?.() === 0 ? rootCommandLine(...words) : quoteCommand(['pm2-guard', ...words]);
}
