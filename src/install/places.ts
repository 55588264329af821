import { PREPARED_DIRECTORY } from '../prepared/place.ts';

/**
 * Where everything of ours is (docs/contract.md section 5). Fixed, because root's trust in them is: no option moves
 * them.
 */

/** The releases, each the bundles and shims of one build in a directory; the install record. */
export const LIBRARY = '/usr/local/lib/pm2-guard';
/** The shims: a directory to put first in PATH. A link to those of the release in use. */
export const SHIMS = `${LIBRARY}/bin`;
export const RECORD = `${LIBRARY}/install.json`;
/** Link to the node that root may run; the shims look for it here. */
export const NODE_LINK = `${LIBRARY}/node`;

/** The man page and the completion scripts; links lead here from where they are looked for. */
export const SHARE = `${LIBRARY}/share`;
/** The directories that had to be made for that, so that uninstall leaves none behind. */
export const MADE_DIRECTORIES = `${LIBRARY}/directories`;

/** Held by whoever changes any of this. Root's own, and empty after a boot; Linux calls it /run, too (hier(7)). */
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
/** PM2's own start, prepared (src/prepared). Who can write there decides what runs, so it is root's alone. */
export const CACHE_DIRECTORY = PREPARED_DIRECTORY;

/**
 * In the first lines of every file that install writes outside our own directories: what has it may be replaced and
 * removed.
 */
export const OURS = 'pm2-guard install';
