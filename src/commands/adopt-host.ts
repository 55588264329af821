import type { Launcher } from '../adopt/adopt.ts';
import { installRecord } from '../call/installation.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { findRealPm2 } from '../pm2/installed.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { checkLine } from '../policy/places.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { asPosix } from '../runtime/brands.ts';
import { UserError } from '../terminal/user-error.ts';

/**
 * The config in force. Its warnings go to stderr.
 * @throws UserError if the config cannot be used
 */
export function requirePolicy(): Policy {
  const euid = asPosix(process).geteuid();
  const loaded = loadPolicy({ env: process.env, euid, rootBySudo: isRootBySudo(euid, process.env) }, () => slow);
  if (loaded.type === 'unusable') throw new UserError(formatConfigError(loaded.error), checkLine(loaded.error.file), 2);
  for (const warning of loaded.warnings) process.stderr.write(`pm2-guard: ${warning}\n`);
  return loaded.policy;
}

/** The node and pm2 that start a daemon: as pinned in the config, else as install recorded them. */
export function launcherOf(daemon: Daemon | null): Launcher {
  const record = installRecord();
  const pm2 = findRealPm2({
    recorded: daemon?.pm2 ?? record?.pm2 ?? null,
    path: process.env['PATH'],
    skip: ['/usr/local/lib/pm2-guard/bin'],
    asRoot: false,
  });
  return {
    node: daemon?.node ?? record?.node ?? process.execPath,
    pm2: pm2.type === 'found' ? (pm2.original ?? pm2.bin) : null,
  };
}
