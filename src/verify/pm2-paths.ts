import { dirname, isAbsolute, join } from 'node:path';
import { globalPm2Packages, pm2PackagesBelow } from '../host/installations/pm2-packages.ts';
import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import { listApps } from '../pm2/rpc.ts';
import type { Daemon } from '../policy/policy.ts';
import { realpathOrNull } from '../runtime/peek.ts';

export interface Pm2Path {
  path: string;
  links: string[];
  app: string | null;
}

const SOCKET_MS = 1000;

/** Finds installed pm2s without running them. `path`: the caller's PATH, for more npm prefixes. */
export async function pm2Paths(
  homeDirectories: readonly string[],
  daemons: readonly Daemon[],
  path: string,
): Promise<Pm2Path[]> {
  const found = new Map<string, Pm2Path>();
  const add = (named: string, app: string | null): void => {
    const file = realpathOrNull(named);
    if (file === null) return;
    const entry = found.get(file) ?? { path: file, links: [], app };
    if (named !== file && !entry.links.includes(named)) entry.links.push(named);
    found.set(file, entry);
  };
  const packages = [
    ...globalPm2Packages(path, [process.execPath]),
    ...[...new Set(homeDirectories)]
      .filter((homeDirectory) => isAbsolute(homeDirectory) && homeDirectory !== '/')
      .flatMap(pm2PackagesBelow),
  ];
  for (const directory of packages) {
    add(join(directory, 'bin/pm2'), null);
    const prefix = /^(.*)\/lib\/node_modules\/pm2$/.exec(directory)?.[1];
    const link = `${prefix ?? ''}/bin/pm2`; // npm's, unless install replaced it
    if (prefix !== undefined && realpathOrNull(link) === join(directory, 'bin/pm2')) add(link, null);
  }
  for (const { name, directories } of await directoriesOfApps(daemons))
    for (const directory of directories) add(join(directory, 'node_modules/.bin/pm2'), name);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Where `npx pm2` and npm scripts look: directories of app and script, and all their parents. */
async function directoriesOfApps(daemons: readonly Daemon[]): Promise<{ name: string; directories: Set<string> }[]> {
  const lists = await Promise.all(
    daemons.map(async ({ pm2Home }) => {
      const answer = await listApps(rpcSocket(pm2Home), { timeoutMs: SOCKET_MS });
      return [...(answer.type === 'answered' ? answer.apps : []), ...(readDump(dumpFile(pm2Home)) ?? [])];
    }),
  );
  return lists.flat().map(({ name, cwd, script }) => ({
    name,
    directories: new Set(
      [cwd, script === null ? null : dirname(script)]
        .filter((path) => path !== null)
        .filter(isAbsolute)
        .flatMap(withParents),
    ),
  }));
}

function withParents(path: string): string[] {
  return path === '/' ? [] : [path, ...withParents(dirname(path))];
}
