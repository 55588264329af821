import { dirname, isAbsolute, join } from 'node:path';
import { readRegularFile } from '../trust/read.ts';

const LONGEST = 16_384;

/**
 * A line by which a shell script runs a pm2 package, with or without a node: `exec node
 * "$basedir/global/5/node_modules/pm2/bin/pm2" "$@"` (pnpm), `exec "/nix/store/.../bin/node" /nix/.../pm2 "$@"`.
 */
const BECOMES = /^\s*exec\s+(?:-a\s+\S+\s+)?(?:"?[^\s"]*\bnode(?:js)?"?\s+)?"?([^\s"']*\/pm2\/bin\/pm2)"?\s+"\$@"/gm;

/**
 * The pm2 that a package manager's shell script runs.
 * @param bin as it is called: the script's `$0`
 * @param file physical path
 * @returns an absolute path; null: it is no such script, or names none or several
 */
export function wrappedPm2(bin: string, file: string): string | null {
  let text: string;
  try {
    text = readRegularFile(file, LONGEST).toString('latin1');
  } catch {
    return null;
  }
  if (!/^#!\s*\S*\b(env\s+)?(ba|da|k|z)?sh\b/.test(text)) return null;
  const named = [...text.matchAll(BECOMES)].map(([, path = '']) =>
    path.replace(/^\$(basedir|\{basedir\})/, dirname(bin)),
  );
  const [target = ''] = named;
  const isOne = named.every((path) => path === target) && isAbsolute(target) && !target.includes('$');
  return isOne ? join(target) : null;
}
