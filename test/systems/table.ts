import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../harness/host.ts';
import type { System } from '../harness/systems.mjs';
import type { Cell } from './cells.ts';

const file = join(repository, 'docs/systems.md');

/** The columns of the table: what is tried in each cell, in this order. */
export const tried = [
  'install',
  'doctor',
  'adopt',
  'story',
  'traps',
  'operators',
  'process files',
  'ways in',
  'uninstall',
] as const;
export type Tried = (typeof tried)[number];

export const names: Record<System, string> = {
  bookworm: 'Debian 12 (bookworm)',
  trixie: 'Debian 13 (trixie)',
  sid: 'Debian sid',
};
const sudos: Record<Cell['sudo'], string> = {
  classic: 'sudo',
  'sudo-rs': 'sudo-rs (alternatives)',
  'sudo-rs-file': 'sudo-rs (a file)',
};

/** One line of the table. What was not tried, or failed, has no mark. */
export function lineOf(cell: Cell, held: ReadonlySet<Tried>): string {
  const node = cell.node === 'debian' ? "Debian's own" : `npm's node ${cell.node}`;
  const pm2 = `${cell.pm2} in ${cell.prefix}${cell.umask === undefined ? '' : `, umask ${cell.umask}`}`;
  const marks = tried.map((what) => (held.has(what) ? 'yes' : 'NO'));
  return `| ${[names[cell.system], node, sudos[cell.sudo], pm2, ...marks].join(' | ')} |`;
}

/** The committed lines of one system. */
export function committed(system: System): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`| ${names[system]} |`));
}

/** Puts the lines of one system into docs/systems.md, in place of those that are there. */
export function rewrite(system: System, lines: readonly string[]): void {
  const all = readFileSync(file, 'utf8').split('\n');
  const isOurs = (line: string) => line.startsWith(`| ${names[system]} |`);
  const at = all.findIndex(isOurs);
  const rest = all.filter((line) => !isOurs(line));
  const place = at >= 0 ? at : rest.findIndex((line) => line.startsWith('| ---')) + 1 + order(system, rest);
  writeFileSync(file, [...rest.slice(0, place), ...lines, ...rest.slice(place)].join('\n'));
}

/** How many lines of the table belong to systems that come before this one. */
function order(system: System, lines: readonly string[]): number {
  const before = Object.entries(names)
    .slice(0, Object.keys(names).indexOf(system))
    .map(([, name]) => `| ${name} |`);
  return lines.filter((line) => before.some((start) => line.startsWith(start))).length;
}
