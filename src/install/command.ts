import { readlinkSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';
import { statOrNone, type Ledger } from './ledger.ts';
import { isOwnLink } from './ours.ts';
import { npmDirectory } from './packages.ts';
import { COMMAND_LINK, SHIMS } from './places.ts';

export function linkCommand(ledger: Ledger): void {
  const npms = belongsToNpm();
  if (npms && findUntrusted(COMMAND_LINK, 'file') === null) ledger.note(COMMAND_LINK, 'kept', "is npm's");
  else if (npms || statOrNone(COMMAND_LINK) === null || isOwnLink(COMMAND_LINK))
    ledger.link(COMMAND_LINK, join(SHIMS, 'pm2-guard'));
  else ledger.note(COMMAND_LINK, 'kept', 'is there already, and not ours');
}

export function unlinkCommand(ledger: Ledger): void {
  if (isOwnLink(COMMAND_LINK)) ledger.remove(COMMAND_LINK);
}

/** Whether the link belongs to npm. npm does not upgrade its package over a link of ours. */
export function belongsToNpm(): boolean {
  if (statOrNone(COMMAND_LINK)?.isSymbolicLink() !== true) return false;
  return resolve(dirname(COMMAND_LINK), readlinkSync(COMMAND_LINK)).startsWith(npmDirectory('/usr/local') + sep);
}
