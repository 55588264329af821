import { statOf } from '../runtime/peek.ts';
import { findUntrusted, keyOf, type Distrust } from './trust.ts';

const STICKY = 0o1000;

/** Each fault of all paths, once. Skips missing paths. A wrong owner and a wrong mode are two faults. */
export function allFaults(paths: readonly { path: string; type: 'file' | 'directory' }[]): Distrust[] {
  const found = new Map<string, Distrust>();
  for (const { path, type } of paths) {
    for (;;) {
      const fault = findUntrusted(path, type, null, new Set(found.keys()));
      if (fault === null || fault.kind === 'missing' || found.has(keyOf(fault))) break;
      found.set(keyOf(fault), fault);
    }
  }
  return [...found.values()];
}

/**
 * Skips faults that no command repairs. A directory with the sticky bit, such as /tmp, is meant for all users,
 * except in /etc and /usr.
 *
 * @param owner as for chown(1)
 */
export function repairsOf(faults: readonly Pick<Distrust, 'kind' | 'path'>[], owner = 'root:'): string[][] {
  const [owned = [], writable = []] = (['owner', 'writable'] as const).map((kind) =>
    faults
      .filter((fault) => fault.kind === kind)
      .map(({ path }) => path)
      .filter((path) => !isForAllUsers(path))
      .sort(),
  );
  // chown(1) follows symlinks without -h.
  const isLink = (path: string) => statOf(path)?.isSymbolicLink() === true;
  const [links, others] = [owned.filter(isLink), owned.filter((path) => !isLink(path))];
  return [
    ...(others.length > 0 ? [['chown', owner, ...others]] : []),
    ...(links.length > 0 ? [['chown', '-h', owner, ...links]] : []),
    ...(writable.length > 0 ? [['chmod', 'go-w', ...writable]] : []),
  ];
}

function isForAllUsers(path: string): boolean {
  const stat = statOf(path);
  return stat?.isDirectory() === true && (stat.mode & STICKY) !== 0 && !/^\/(etc|usr)\//.test(path);
}
