import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';
import { statOrNone, type Ledger } from './ledger.ts';
import type { Release } from './library.ts';
import { makeAbove } from './made.ts';
import { isOwnLink } from './ours.ts';
import { SHARE } from './places.ts';

/** Where man and the shells look for files that did not come with the distribution. */
const PLACES: Readonly<Record<string, string>> = {
  'pm2-guard.8': '/usr/local/share/man/man8/pm2-guard.8',
  'pm2-guard.bash': '/usr/local/share/bash-completion/completions/pm2-guard',
  '_pm2-guard': '/usr/local/share/zsh/site-functions/_pm2-guard',
  'pm2-guard.fish': '/etc/fish/completions/pm2-guard.fish', // Debian's fish does not read /usr/local
};
export const SHARED_PLACES = Object.values(PLACES);

/** Links to the man page and the shell completions that installRelease wrote. */
export function linkShare(ledger: Ledger, { share }: Release): void {
  const names = Object.keys(PLACES).filter(
    (name) => share.has(name) && (name !== 'pm2-guard.fish' || existsSync('/etc/fish')),
  );
  const links = names
    .map((name) => [PLACES[name] ?? '', join(SHARE, name)] as const)
    .filter(([link]) => mayLink(ledger, link));
  makeAbove(
    ledger,
    links.map(([link]) => link),
  );
  for (const [link, target] of links) ledger.link(link, target);
}

export function withdrawShare(ledger: Ledger): void {
  for (const link of SHARED_PLACES) if (isOwnLink(link)) ledger.remove(link);
}

function mayLink(ledger: Ledger, link: string): boolean {
  const fault = findUntrusted(dirname(link), 'directory');
  // If others could write to the directory, they could move what root works on.
  const untrusted = fault !== null && fault.kind !== 'missing' ? `left out: ${fault.path} ${fault.why}` : null;
  const reason = statOrNone(link) !== null && !isOwnLink(link) ? "is not pm2-guard's" : untrusted;
  if (reason !== null) ledger.note(link, 'kept', reason);
  return reason === null;
}
