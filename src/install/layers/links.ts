import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findUntrusted } from '../../trust/trust.ts';
import { hasRealSudo } from '../finds.ts';
import { statOrNone, type Ledger } from '../ledger.ts';
import { isOwnLink } from '../ours.ts';
import { PM2_LINK, PM2_SBIN_LINK, SHIMS, SUDO_LINK } from '../places.ts';
import type { Layer } from './layer.ts';

/** /usr/local/bin comes before /usr/bin in every distribution's PATH. npm's own link may be there. */
export const localBin: Layer = {
  name: 'local-bin',
  reaches: 'every PATH that a system sets: ssh commands, sudo, services, PHP',
  place: PM2_LINK,
  byDefault: true,
  apply: (ledger) => {
    link(ledger, PM2_LINK, 'pm2', 'is a pm2 already: calls that search /usr/local/bin first find that one');
  },
  withdraw: (ledger) => {
    unlink(ledger, PM2_LINK);
  },
};

/** /usr/local/sbin comes first in root's, sudo's and services' PATH, so before npm's own link in /usr/local/bin. */
export const localSbin: Layer = {
  name: 'local-sbin',
  reaches: "root, sudo and services where npm's own pm2 is in /usr/local/bin",
  place: PM2_SBIN_LINK,
  byDefault: true,
  apply: (ledger) => {
    if (isSame(dirname(PM2_SBIN_LINK), dirname(PM2_LINK)))
      ledger.note(PM2_SBIN_LINK, 'kept', `not needed: is ${PM2_LINK}`);
    else link(ledger, PM2_SBIN_LINK, 'pm2', 'is a pm2 already');
  },
  withdraw: (ledger) => {
    unlink(ledger, PM2_SBIN_LINK);
  },
};

/**
 * Off by default: every sudo call would go through our script. It only adds calls like `sudo -iu www-data pm2 ...`
 * from programs that read no startup file. It cannot find itself: the real sudo is set-user-ID.
 */
export const sudoShim: Layer = {
  name: 'sudo-shim',
  reaches: 'sudo of programs that read no startup file',
  place: SUDO_LINK,
  byDefault: false,
  apply: (ledger) => {
    if (hasRealSudo()) link(ledger, SUDO_LINK, 'sudo', 'is a sudo already');
    else ledger.note(SUDO_LINK, 'kept', 'not needed: sudo is not installed');
  },
  withdraw: (ledger) => {
    unlink(ledger, SUDO_LINK);
  },
};

function link(ledger: Ledger, path: string, shim: string, taken: string): void {
  const directory = dirname(path);
  const fault = findUntrusted(directory, 'directory');
  if (fault !== null)
    ledger.note(
      path,
      'kept',
      fault.kind === 'missing' ? `this system has no ${directory}` : `left out: ${fault.path} ${fault.why}`,
    );
  else if (statOrNone(path) === null || isOwnLink(path)) ledger.link(path, join(SHIMS, shim));
  else ledger.note(path, 'kept', taken);
}

function unlink(ledger: Ledger, path: string): void {
  if (isOwnLink(path)) ledger.remove(path);
}

function isSame(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && realpathSync.native(one) === realpathSync.native(other);
}
