import { waysIn } from './ways.ts';

/** A way of typing pm2 that leads to another pm2. */
export interface Gap {
  way: string;
  /** What it finds. */
  path: string;
  /**
   * It is one that the layers of an installation are meant to cover; the others need `--seal` or a line of a
   * person's.
   */
  ours: boolean;
}

/** The usual ways in that do not lead to the guard. To be asked when all is in place. */
export async function gapsIn(): Promise<Gap[]> {
  const ways = await waysIn();
  return ways.flatMap(({ way, finds, ours }) => (finds?.type === 'other' ? [{ way, path: finds.path, ours }] : []));
}

/** The ways that everybody counts on. Where one is a gap, the installation has not done what it is for. */
const COUNTED_ON = ['sudo', 'login shell'];

/** Whether the installation failed: nothing was left out by choice, and still one of those ways is not covered. */
export function isFailure(gaps: readonly Gap[], without: readonly string[]): boolean {
  return without.length === 0 && gaps.some(({ way }) => COUNTED_ON.includes(way));
}

/** A line for each gap, and one command that covers them. */
export function gapsInWords(gaps: readonly Gap[]): string[] {
  if (gaps.length === 0) return [];
  return [
    ...gaps.map(({ way, path }) => `gap: ${NAMES[way] ?? way}: ${path} comes first`),
    '  run:  sudo pm2-guard install --seal   (the real pm2 becomes a door to the guard; sudo pm2-guard seal --help)',
  ];
}

const NAMES: Readonly<Record<string, string>> = {
  'ssh, sh': 'a shell that reads no startup file (ssh with sh, scripts, PHP)',
  'cron job': 'a cron job',
  service: 'a service of systemd',
};
