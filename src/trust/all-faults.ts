import { statOf } from '../runtime/peek.ts';
import { findUntrusted, keyOf, type Distrust } from './trust.ts';

/**
 * All parts of these paths that others than root can change, where `distrust` names the first of one path. Each is
 * named once, in the order of the paths. What has a wrong owner and a wrong mode is named twice.
 *
 * @param paths absolute, with what must be at the end of each; what is missing is left out
 */
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
 * The commands that give all of them back to root, each the words of one command; what no command repairs is left out.
 *
 * @param owner as chown(1) takes it
 */
export function repairsOf(faults: readonly Pick<Distrust, 'kind' | 'path'>[], owner = 'root:'): string[][] {
  const [owned = [], writable = []] = (['owner', 'writable'] as const).map((kind) =>
    faults
      .filter((fault) => fault.kind === kind)
      .map(({ path }) => path)
      .sort(),
  );
  // chown(1) follows a link that it is given, unless -h is said.
  const isLink = (path: string) => statOf(path)?.isSymbolicLink() === true;
  const [links, others] = [owned.filter(isLink), owned.filter((path) => !isLink(path))];
  return [
    ...(others.length > 0 ? [['chown', owner, ...others]] : []),
    ...(links.length > 0 ? [['chown', '-h', owner, ...links]] : []),
    ...(writable.length > 0 ? [['chmod', 'go-w', ...writable]] : []),
  ];
}
