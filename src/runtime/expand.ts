import { join } from 'node:path';
import { listDirectory } from './peek.ts';

/** The paths below `root` that a pattern stands for; `*` is one name that exists. The last part may be missing. */
export function expand(root: string, pattern: string): string[] {
  const [before, after] = pattern.split(/(?:^|\/)\*(?=\/)(.*)/s);
  if (after === undefined) return [join(root, pattern)];
  const directory = join(root, before ?? '');
  return listDirectory(directory).flatMap((name) => expand(join(directory, name), after.slice(1)));
}
