import { probeWays } from './ways.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

export interface Gap {
  way: string;
  path: string;
  /** Whether a layer should cover it. Otherwise it needs `--seal` or a change by an administrator. */
  ours: boolean;
}

export async function findGaps(): Promise<Gap[]> {
  const ways = await probeWays();
  return ways.flatMap(({ way, finds, ours }) => (finds?.type === 'other' ? [{ way, path: finds.path, ours }] : []));
}

/** If all layers were wanted, install has failed when one of these ways finds another pm2. */
const REQUIRED_WAYS = ['sudo', 'login shell'];

export function isFailure(gaps: readonly Gap[], without: readonly string[]): boolean {
  return without.length === 0 && gaps.some(({ way }) => REQUIRED_WAYS.includes(way));
}

export function gapsInWords(gaps: readonly Gap[]): string[] {
  if (gaps.length === 0) return [];
  return [
    ...gaps.map(({ way, path }) => `gap: ${NAMES[way] ?? way}: ${path} comes first`),
    `  run:  ${rootCommandLine('install', '--seal')}   ` +
      '(the file of the real pm2 then starts the guard; pm2-guard seal --help)',
  ];
}

const NAMES: Readonly<Record<string, string>> = {
  'ssh, sh': 'a shell that reads no startup file (ssh with sh, scripts, PHP)',
  'cron job': 'a cron job',
  service: 'a service of systemd',
};
