/** The shim as sudoers names it (`pm2-guard sudoers`). */
export const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/**
 * First word of a call that re-enters as the owner: the daemon that was decided on. It stands for PM2_HOME, which
 * sudo's env_reset takes away, and it marks the call as one hop old: there is never a second one.
 */
export const HOP = '--pm2-guard-daemon=';
