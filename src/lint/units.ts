import { basename, dirname, join } from 'node:path';
import type { SourceFile, UnitPart } from './model.ts';

/** systemd.unit(5), "unit file load path": for a repeated name, the first directory counts. */
const PLACES = ['etc', 'run', 'usr/local/lib', 'usr/lib', 'lib'];
const PLACE = new RegExp(`^(.*?/|)(${PLACES.join('|')})/systemd/(system|user)$`);
const DROP_IN = /^(.*)\/([^/]*service)\.d\/[^/]+\.conf$/;

/** A directory of units. Those where systemd searches the same units get one name. */
function searched(directory: string): { directory: string; rank: number } {
  const [, before = '', place = '', manager = ''] = PLACE.exec(directory) ?? [];
  return place === ''
    ? { directory, rank: 0 }
    : { directory: `${before}*/systemd/${manager}`, rank: PLACES.indexOf(place) };
}

/**
 * The drop-in directories of a unit (systemd.unit(5)), most general first: `service.d`, `app-.service.d` for
 * `app-web.service`, `app@.service.d` for `app@web.service`.
 */
function dropInDirectories(unit: string): string[] {
  const name = unit.replace(/\.service$/, '');
  const template = name.includes('@') ? name.replace(/@.*$/, '@') : name;
  const dashes = [...template.replace(/@$/, '').matchAll(/-/g)].map(({ index }) => name.slice(0, index + 1));
  return [...new Set(['service.d', ...[...dashes, template, name].map((one) => `${one}.service.d`)])];
}

/** Characters, of all files of a unit together. Drop-ins that people write stay far below. */
const MOST_READ = 1 << 24;

/**
 * Adds the other files of its unit to each unit file and drop-in, in systemd's order, without replaced ones. Not to
 * those that are too long.
 */
export function withUnitParts<File extends { source: SourceFile; kind: string }>(files: readonly File[]): File[] {
  const placed = files.map((file) => {
    const { path } = file.source;
    const [, above = '', unit = ''] = file.kind === 'drop-in' ? (DROP_IN.exec(`./${path}`) ?? []) : [];
    const { directory, rank } = searched(unit === '' ? dirname(`./${path}`) : above);
    const within = unit === '' ? '' : `${unit}.d`;
    return { file, within, rank, key: join(directory, within, basename(path)), directory };
  });
  const isUnit = ({ file }: (typeof placed)[number]) => file.kind === 'unit' || file.kind === 'drop-in';
  const best = new Map<string, (typeof placed)[number]>();
  for (const one of placed.filter(isUnit)) {
    const other = best.get(one.key);
    if (!other || one.rank < other.rank) best.set(one.key, one);
  }
  const kept = placed.filter((one) => !isUnit(one) || best.get(one.key) === one);
  const mains = kept.filter(({ file }) => file.kind === 'unit' && file.source.path.endsWith('.service'));
  const parts = new Map<File, UnitPart[]>();
  for (const main of mains) {
    const group = [
      main,
      ...kept
        .filter((one) => one.directory === main.directory && one.within !== '')
        .filter(({ within }) => dropInDirectories(basename(main.file.source.path)).includes(within))
        .sort((a, b) => (basename(a.key) < basename(b.key) ? -1 : 1)),
    ];
    // Each file of a unit is read with all the others: the work grows with the square of their number.
    const length = group.reduce((sum, { file }) => sum + file.source.text.length, 0);
    if (group.length * length > MOST_READ) continue;
    for (const { file } of group)
      if (!parts.has(file))
        parts.set(
          file,
          group.map(({ file: { source } }) => ({ path: source.path, text: source.text })),
        );
  }
  return kept.map(({ file }) => {
    const unit = parts.get(file);
    return unit && unit.length > 1 ? { ...file, source: { ...file.source, unit } } : file;
  });
}
