import { PREPARED_DIRECTORY } from '../prepared/place.ts';

/** All our paths (docs/contract.md section 5). No option moves them: root trusts exactly these. */

/** Releases (bundles and shims of one build each) and the install record. */
export const LIBRARY = '/usr/local/lib/pm2-guard';
/** Link to the shims of the release in use; goes first in PATH. */
export const SHIMS = `${LIBRARY}/bin`;
export const RECORD = `${LIBRARY}/install.json`;
export const NODE_LINK = `${LIBRARY}/node`;

export const SHARE = `${LIBRARY}/share`;
/** Parent directories that install made; uninstall removes them. */
export const MADE_DIRECTORIES = `${LIBRARY}/directories`;

/** Lock of every change to the installation. Only root writes there; it is empty after a boot (hier(7)). */
export const LOCK = '/var/run/pm2-guard.lock';

export const COMMAND_LINK = '/usr/local/bin/pm2-guard';
export const PM2_LINK = '/usr/local/bin/pm2';
export const PM2_SBIN_LINK = '/usr/local/sbin/pm2';
export const SUDO_LINK = '/usr/local/bin/sudo';
export const PROFILE = '/etc/profile.d/pm2-guard.sh';
export const ENVIRONMENT = '/etc/environment';
export const SUDOERS = '/etc/sudoers.d/pm2-guard';

export const CONFIG_DIRECTORY = '/etc/pm2-guard';
export const CONFIG_FILE = `${CONFIG_DIRECTORY}/config.yaml`;
export const STATE_DIRECTORY = '/var/lib/pm2-guard';
/** Journals of root's adoptions (src/adopt/adopt.ts). */
export const ADOPT_DIRECTORY = `${STATE_DIRECTORY}/adopt`;
/** PM2's prepared start (src/prepared). Only root may write there: the content is run. */
export const CACHE_DIRECTORY = PREPARED_DIRECTORY;

/** Marks files that install wrote outside our directories; only these may be replaced or removed. */
export const OURS = 'pm2-guard install';
