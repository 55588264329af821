import { dirname, join } from 'node:path';
import { readRegularFile } from '../../trust/read.ts';
import { expand } from '../../runtime/expand.ts';
import { realpathOrNull } from '../../runtime/peek.ts';

/** Below npm's prefix. */
const GLOBAL = 'lib/node_modules/pm2';
const LONGEST_NPMRC = 65_536;

/** npm's prefixes on Debian and Red Hat, of an unpacked node, of control panels, and of version managers for all. */
const PREFIXES = [
  '/usr',
  '/usr/local',
  '/opt/*',
  '/opt/plesk/node/*',
  '/opt/cpanel/*',
  '/opt/bitnami/*',
  '/opt/alt/*/root/usr',
  '/www/server/nodejs/*',
  '/usr/local/nvm/versions/node/*',
  '/opt/nvm/versions/node/*',
  '/usr/local/n/versions/node/*',
];

/** Prefixes in home directories: version managers, and npm's own. */
const PREFIXES_IN_HOMES = [
  '.nvm/versions/node/*',
  '.local/share/fnm/node-versions/*/installation',
  '.fnm/node-versions/*/installation',
  '.asdf/installs/nodejs/*',
  '.asdf/installs/nodejs/*/.npm',
  '.local/share/mise/installs/node/*',
  '.local/share/mise/installs/npm-pm2/*',
  '.nodenv/versions/*',
  '.volta/tools/image/packages/pm2',
  '.volta/tools/image/node/*',
  '.config/nvm/versions/node/*',
  '.npm-global',
  '.npm-packages',
  '.local',
  'n',
  'nodevenv/*/*', // cPanel
];

/** yarn and pnpm have no prefix. */
const IN_HOMES = [
  ...PREFIXES_IN_HOMES.map((prefix) => `${prefix}/${GLOBAL}`),
  '.config/yarn/global/node_modules/pm2',
  '.local/share/pnpm/global/*/node_modules/pm2',
  '.local/share/pnpm/global/*/*/node_modules/pm2', // since pnpm 11
  '.bun/install/global/node_modules/pm2',
];

/** Packages of npm's prefixes, PATH and `nodes`. Sorted, without symlinks. */
export function globalPm2Packages(path: string, nodes: readonly string[]): string[] {
  const found = [
    ...PREFIXES.flatMap((prefix) => expand('/', `${prefix.slice(1)}/${GLOBAL}`)),
    '/usr/local/share/.config/yarn/global/node_modules/pm2', // of yarn that root runs
  ];
  for (const node of nodes) found.push(join(dirname(realpathOrNull(node) ?? node), '..', GLOBAL));
  for (const directory of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const file = realpathOrNull(join(directory, 'pm2'));
    if (file?.endsWith('/pm2/bin/pm2') === true) found.push(dirname(dirname(file)));
  }
  return distinct(found);
}

/** Call it as the user of the home directory, because root should not follow the user's links. */
export function pm2PackagesBelow(homeDirectory: string): string[] {
  const chosen = prefixOfNpm(homeDirectory);
  return distinct([
    ...IN_HOMES.flatMap((pattern) => expand(homeDirectory, pattern)),
    ...(chosen === null ? [] : [join(chosen, GLOBAL)]),
  ]);
}

/** `prefix` of the user's .npmrc (npmrc(5)), only below the home directory: it is the user's word. */
function prefixOfNpm(homeDirectory: string): string | null {
  let text: string;
  try {
    text = readRegularFile(join(homeDirectory, '.npmrc'), LONGEST_NPMRC).toString('latin1');
  } catch {
    return null;
  }
  const [, value = ''] = /^\s*prefix\s*=\s*"?([^"\n\r]*?)"?\s*$/m.exec(text) ?? [];
  const path = join(value.replace(/^(?:~|\$\{HOME\})(?=\/|$)/, homeDirectory));
  return path.startsWith(`${homeDirectory}/`) ? path : null;
}

/** Sorted, without symlinks. */
export function nodesOnHost(homeDirectories: readonly string[]): string[] {
  const places = [
    ...PREFIXES.flatMap((prefix) => expand('/', `${prefix.slice(1)}/bin/node`)),
    ...homeDirectories.flatMap((homeDirectory) =>
      PREFIXES_IN_HOMES.flatMap((prefix) => expand(homeDirectory, `${prefix}/bin/node`)),
    ),
  ];
  return [...new Set(places.map(realpathOrNull).filter((path) => path !== null))].sort();
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
