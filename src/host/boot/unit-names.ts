import { basename, dirname, join, resolve } from 'node:path';
import { linkOf, listDirectory, realpathOrNull } from '../../runtime/peek.ts';

/** The names in the directories of units, without their content. */
export interface UnitNames {
  /** Each service by the file that systemd reads for it. */
  services: ReadonlyMap<string, string>;
  timers: ReadonlyMap<string, string>;
  /** The other names of a unit. */
  aliases: ReadonlyMap<string, readonly string[]>;
  /** What a target or another unit wants, by the unit's own name. */
  wanted: ReadonlySet<string>;
}

/** @param most names for each path, and in all directories of links */
export function unitNames(paths: readonly string[], most: number): UnitNames {
  const services = new Map<string, string>();
  const timers = new Map<string, string>();
  const links = new Map<string, string>();
  const real = new Set(paths.map(realpathOrNull));
  for (const path of paths)
    for (const name of listDirectory(path, most)) {
      const kind = name.endsWith('.service') ? services : name.endsWith('.timer') ? timers : null;
      if (kind === null || kind.has(name) || links.has(name)) continue;
      const file = join(path, name);
      const target = aliasedTo(file, real);
      if (target === null) kind.set(name, file);
      else links.set(name, target);
    }
  const aliases = new Map<string, string[]>();
  for (const [name] of links) {
    const unit = unitOf(name, links);
    aliases.set(unit, [...(aliases.get(unit) ?? []), name]);
  }
  const wanted = new Set([...wantedNames(paths, most)].map((name) => unitOf(name, links)));
  return { services, timers, aliases, wanted };
}

/**
 * A symlink to another name in a directory of units (systemctl(1), enable: Alias=). Any other link counts as the file
 * of the unit, such as pm2@ops.service that links to pm2@.service.
 */
function aliasedTo(file: string, real: ReadonlySet<string | null>): string | null {
  const link = linkOf(file);
  if (link === null) return null;
  const target = resolve(dirname(file), link);
  const [, instance] = /@(.+\.service)$/.exec(basename(file)) ?? [];
  const name = basename(target).replace(/@\.service$/, (own) => (instance === undefined ? own : `@${instance}`));
  return name !== basename(file) && real.has(realpathOrNull(dirname(target))) ? name : null;
}

/**
 * systemd follows at most 8 links. If web@.service links to pm2@.service, then web@ops.service is another name of
 * pm2@ops.service.
 */
const MOST_LINKS = 8;

function unitOf(name: string, links: ReadonlyMap<string, string>): string {
  const [, prefix, instance] = /^([^@]*@)(.+\.service)$/.exec(name) ?? [];
  let found = name;
  for (let count = 0; count < MOST_LINKS; count++) {
    const next = links.get(found);
    if (next === undefined) break;
    found = next;
  }
  if (found !== name || prefix === undefined || instance === undefined) return found;
  const template = unitOf(`${prefix}.service`, links);
  return template === `${prefix}.service` ? name : template.replace('@.service', `@${instance}`);
}

/**
 * Names with links in `multi-user.target.wants` and the like. Only the name counts, so the target may be missing. A
 * link to /dev/null hides the links of that name in later paths (process_deps in src/core/load-dropin.c).
 */
function wantedNames(paths: readonly string[], most: number): Set<string> {
  const directories = paths.flatMap((path) =>
    listDirectory(path, most)
      .filter((entry) => /\.(wants|requires|upholds)$/.test(entry))
      .map((entry) => join(path, entry)),
  );
  const links = new Map<string, { name: string; isHiding: boolean }>();
  let left = most;
  for (const directory of directories) {
    const names = listDirectory(directory, left);
    left -= names.length;
    for (const name of names) {
      const key = join(basename(directory), name);
      if (!links.has(key)) links.set(key, { name, isHiding: linkOf(join(directory, name)) === '/dev/null' });
    }
    if (left <= 0) break;
  }
  return new Set([...links.values()].filter(({ isHiding }) => !isHiding).map(({ name }) => name));
}
