import { dirname, isAbsolute } from 'node:path';
import type { FoundDaemon } from '../survey.ts';

/** Shared directories. A script there (npm, python, a version manager's node) does not identify an app. */
const SYSTEM_DIRECTORY =
  /^\/(usr|bin|sbin|lib|lib64|etc|dev|proc|sys|run|boot|snap|nix|tmp|var\/(tmp|lib|cache|run|log))(\/|$)/;
const TOOL_DIRECTORY = /\/(node_modules|\.nvm|\.pm2|\.volta|\.fnm|\.asdf|\.local|\.cache)(\/|$)/;

export function isShared(script: string): boolean {
  return SYSTEM_DIRECTORY.test(script) || TOOL_DIRECTORY.test(script);
}

/** Parent directories shared by several owners. */
const BROAD = /^\/([^/]*|home\/[^/]*|Users\/[^/]*|var\/www|srv\/www)$/;
/** Those of BROAD that belong to one person. */
const PERSONAL = /^\/(root|home\/[^/]+|Users\/[^/]+)$/;

/**
 * Directories that identify a daemon's apps: the working or script directory of each app. They are merged into a
 * common parent directory that holds no app of another daemon and is not too broad.
 * @param homeDirectory home directory of the daemon's user, the only one allowed as a path
 * @param mayClaim whether the daemon may have a directory; one that it may not have is left to another daemon
 */
export function pathsOf<Daemon extends FoundDaemon>(
  daemons: readonly Daemon[],
  homeDirectory: (daemon: Daemon) => string | null,
  mayClaim: (path: string, daemon: Daemon) => boolean,
): Map<Daemon, string[]> {
  const used = new Map(
    daemons.map((daemon) => [
      daemon,
      [...new Set(daemon.apps.flatMap((app) => directoryOf(app, homeDirectory(daemon)) ?? []))],
    ]),
  );
  const claimed = new Map([...used].map(([daemon, paths]) => [daemon, paths.filter((path) => mayClaim(path, daemon))]));
  return new Map(
    [...claimed].map(([daemon, own]) => {
      const others = daemons.filter((other) => other !== daemon);
      const taken = new Set(others.flatMap((other) => claimed.get(other) ?? []));
      const foreign = (path: string) => others.some((other) => used.get(other)?.some((one) => isWithin(one, path)));
      let paths = own.filter((path) => !taken.has(path));
      for (const path of [...paths]) {
        const parent = dirname(path);
        const below = paths.filter((other) => isWithin(other, parent));
        if (
          below.length > 1 &&
          !isBroad(parent, homeDirectory(daemon)) &&
          !foreign(parent) &&
          mayClaim(parent, daemon)
        )
          paths = [...paths.filter((other) => !below.includes(other)), parent];
      }
      return [daemon, paths.filter((path) => !paths.some((other) => other !== path && isWithin(path, other))).sort()];
    }),
  );
}

function directoryOf(
  { script, cwd }: { script: string | null; cwd: string | null },
  homeDirectory: string | null,
): string | null {
  const place = cwd !== null && isUsable(cwd, homeDirectory) ? cwd : null;
  if (script === null || isShared(script)) return place;
  if (place !== null && isWithin(script, place)) return place;
  return isUsable(dirname(script), homeDirectory) ? dirname(script) : place;
}

function isUsable(path: string, homeDirectory: string | null): boolean {
  return isAbsolute(path) && isText(path) && !/\/\*+$/.test(path) && !isShared(path) && !isBroad(path, homeDirectory);
}

function isBroad(path: string, homeDirectory: string | null): boolean {
  return path === '/' || (BROAD.test(path) && !(path === homeDirectory && PERSONAL.test(path)));
}

/** A config is UTF-8 text, but names and paths may hold other bytes (src/policy/read-config.ts). */
export function isText(text: string): boolean {
  return !/[\u0000\ufffd]|\p{Surrogate}/u.test(text);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
