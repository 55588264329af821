import { join } from 'node:path';
import type { Pm2HomeFacts } from '../host/homes/home-facts.ts';
import type { Uid, Pm2Home } from '../runtime/brands.ts';

/** `a, b and 3 more` */
export function listed(names: readonly string[], most = 6): string {
  const unique = [...new Set(names)];
  return unique.length <= most
    ? unique.join(', ')
    : `${unique.slice(0, most).join(', ')} and ${unique.length - most} more`;
}

/** Also works for users who cannot log in. */
export function as(user: string, words: readonly string[]): string[] {
  return user === 'root' ? ['sudo', ...words] : ['sudo', '-u', user, ...words];
}

/**
 * A command that changes a PM2_HOME by path. It runs as the owner, so a symlink of the owner reaches nothing new.
 * None as root where others can change the path.
 */
export function asOwnerOf(
  { owner, trusted }: { owner: { name: string; uid: Uid } | null; trusted: boolean },
  words: readonly string[],
): string[][] {
  if (owner === null || (owner.uid === 0 && !trusted)) return [];
  return [as(owner.name, words)];
}

/**
 * Changes the owner of files in an anchored PM2_HOME as root. -execdir works in the directory that find has open,
 * without symlinks. chown(1) with a path would follow links of the owner.
 *
 * @param tests of find(1), which select the files
 * @param owner as for chown(1)
 */
export function chownIn(pm2Home: Pm2Home, depth: readonly string[], tests: readonly string[], owner: string): string[] {
  return ['sudo', 'find', pm2Home, ...depth, ...tests, '-execdir', 'chown', '-h', owner, '{}', '+'];
}

/** For -path of find(1), which takes a pattern. */
export function patternOf(path: string): string {
  return path.replace(/[*?[\]\\]/g, '\\$&');
}

export function pm2As(user: string, pm2Home: Pm2Home, words: readonly string[]): string[] {
  return as(user, ['env', `PM2_HOME=${pm2Home}`, 'pm2', ...words]);
}

export function pathsIn(pm2Home: Pm2Home, files: readonly { name: string }[]): string[] {
  return files.map(({ name }) => (name === '.' ? pm2Home : join(pm2Home, name)));
}

export function userName(uid: Uid, pm2HomeFacts: Pm2HomeFacts): string {
  return uid === 0 ? 'root' : uid === pm2HomeFacts.owner?.uid ? pm2HomeFacts.owner.name : `uid ${uid}`;
}

/** `1 app`, `2 apps`, `2 processes` */
export function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : /s$/.test(thing) ? 'es' : 's'}`;
}

/** `40 s`, `3 h`, `12 d` */
export function lasted(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
