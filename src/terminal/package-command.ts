import { existsSync } from 'node:fs';

/** The first that is there; several of them may be, as on Fedora with dnf and yum. */
const MANAGERS: readonly (readonly [program: string, ...words: string[]])[] = [
  ['apt-get', 'install'],
  ['dnf', 'install'],
  ['yum', 'install'],
  ['zypper', 'install'],
  ['pacman', '-S'],
  ['apk', 'add'],
];
const PLACES = ['/usr/bin', '/bin', '/sbin'];

/** The words that install a package of the distribution, for messages. The name must be the same everywhere. */
export function packageCommand(name: string): string[] {
  const found = MANAGERS.find(([program]) => PLACES.some((place) => existsSync(`${place}/${program}`)));
  return [...(found ?? ['apt-get', 'install']), name];
}
