import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { distrust } from '../trust/trust.ts';
import { look, type Ledger } from './ledger.ts';
import type { Release } from './library.ts';
import { MADE_DIRECTORIES, SHARE } from './places.ts';
import { isOwnLink } from './reach.ts';

/** Where man and the shells look for what did not come with the distribution, by the file that they should find. */
const PLACES: Readonly<Record<string, string>> = {
  'pm2-guard.8': '/usr/local/share/man/man8/pm2-guard.8',
  'pm2-guard.bash': '/usr/local/share/bash-completion/completions/pm2-guard',
  '_pm2-guard': '/usr/local/share/zsh/site-functions/_pm2-guard',
  'pm2-guard.fish': '/etc/fish/completions/pm2-guard.fish', // Debian's fish looks into no /usr/local
};

/** The man page and the completion of shells: kept with the bundles, and a link to each where it is looked for. */
export function installShare(ledger: Ledger, { share }: Release): void {
  const names = Object.keys(PLACES).filter((name) => share.has(name) && (name !== 'pm2-guard.fish' || existsSync('/etc/fish')));
  const links = names.map((name) => [name, PLACES[name] ?? ''] as const);
  const missing = links.flatMap(([, link]) => missingAbove(link));
  // Written down first: an install that is broken off here has made nothing that nobody knows of.
  ledger.file(MADE_DIRECTORIES, Buffer.from([...new Set([...madeDirectories(), ...missing])].map((path) => `${path}\n`).join('')), 0o644);
  for (const [name, link] of links) linkTo(ledger, link, join(SHARE, name));
}

/** What is there of it, and the directories where nothing else has come to live. */
export function withdrawShare(ledger: Ledger): void {
  const made = madeDirectories();
  for (const link of Object.values(PLACES)) if (isOwnLink(link)) ledger.remove(link);
  for (const path of made.sort((a, b) => b.length - a.length)) ledger.removeEmpty(path);
}

function linkTo(ledger: Ledger, link: string, target: string): void {
  const present = look(link) !== null;
  if (present && !isOwnLink(link)) { ledger.note(link, 'kept', 'is somebody else\'s'); return; }
  // Root's own, or root would work where somebody else can move things about.
  const fault = distrust(dirname(link), 'directory');
  if (fault !== null && fault.kind !== 'missing') { ledger.note(link, 'kept', `left out: ${fault.path} ${fault.why}`); return; }
  for (const path of missingAbove(link)) ledger.directory(path, 0o755);
  ledger.link(link, target);
}

/** The directories above a path that are not there, from the top. */
function missingAbove(path: string): string[] {
  const directory = dirname(path);
  return existsSync(directory) ? [] : [...missingAbove(directory), directory];
}

function madeDirectories(): string[] {
  return existsSync(MADE_DIRECTORIES) ? readFileSync(MADE_DIRECTORIES, 'utf8').split('\n').filter((line) => line !== '') : [];
}
