import { dirname, join } from 'node:path';
import { listDirectory, realpathOrNull } from '../runtime/peek.ts';

/** Where `npm install -g` puts a package, below the prefix. */
const GLOBAL = 'lib/node_modules/pm2';

/** npm's prefixes on Debian, Red Hat and their like, and of a node that was unpacked. */
const PREFIXES = ['/usr', '/usr/local', '/opt/*'];

/** Below a home: version managers, each with a prefix for every node; npm's prefixes of one's own. */
const PREFIXES_IN_HOMES = [
  '.nvm/versions/node/*',
  '.local/share/fnm/node-versions/*/installation',
  '.fnm/node-versions/*/installation',
  '.asdf/installs/nodejs/*',
  '.local/share/mise/installs/node/*',
  '.nodenv/versions/*',
  '.volta/tools/image/packages/pm2',
  '.volta/tools/image/node/*',
  '.npm-global',
  '.local',
  'n',
];

/** With yarn's and pnpm's, which have no prefix. */
const IN_HOMES = [
  ...PREFIXES_IN_HOMES.map((prefix) => `${prefix}/${GLOBAL}`),
  '.config/yarn/global/node_modules/pm2',
  '.local/share/pnpm/global/*/node_modules/pm2',
];

/**
 * The pm2 packages of the host: of npm's prefixes, and of those that hold what PATH and `nodes` lead to. Physical
 * paths, sorted.
 */
export function globalPm2Packages(path: string, nodes: readonly string[]): string[] {
  const found = PREFIXES.flatMap((prefix) => expand('/', `${prefix.slice(1)}/${GLOBAL}`));
  for (const node of nodes) found.push(join(dirname(realpathOrNull(node) ?? node), '..', GLOBAL));
  for (const directory of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const file = realpathOrNull(join(directory, 'pm2'));
    if (file?.endsWith('/pm2/bin/pm2') === true) found.push(dirname(dirname(file)));
  }
  return distinct(found);
}

/** Those below a home. Call it as the home's user: what is there is not root's to follow. */
export function pm2PackagesBelow(home: string): string[] {
  return distinct(IN_HOMES.flatMap((pattern) => expand(home, pattern)));
}

/** The nodes of the same prefixes: of the host, and below these homes. Physical paths, sorted. */
export function nodesOnHost(homes: readonly string[]): string[] {
  const places = [
    ...PREFIXES.flatMap((prefix) => expand('/', `${prefix.slice(1)}/bin/node`)),
    ...homes.flatMap((home) => PREFIXES_IN_HOMES.flatMap((prefix) => expand(home, `${prefix}/bin/node`))),
  ];
  return [...new Set(places.map(realpathOrNull).filter((path) => path !== null))].sort();
}

/** Paths that are there; `*` is any one name. */
function expand(root: string, pattern: string): string[] {
  const [before, after] = pattern.split(/\/\*(?=\/)(.*)/s);
  if (after === undefined) return [join(root, pattern)];
  const directory = join(root, before ?? '');
  return listDirectory(directory).flatMap((name) => expand(join(directory, name), after.slice(1)));
}

function distinct(paths: string[]): string[] {
  return [
    ...new Set(
      paths
        .map((path) => (realpathOrNull(join(path, 'bin')) === null ? null : realpathOrNull(path)))
        .filter((path) => path !== null),
    ),
  ].sort();
}
