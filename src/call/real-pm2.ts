import { findRealPm2, type RealPm2 } from '../pm2/installed.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Policy } from '../policy/policy.ts';
import type { Uid } from '../runtime/brands.ts';
import { doorOfThisCall } from './door.ts';
import { installRecord, BUNDLES } from './installation.ts';

/** A sealed pm2 that started this call, if root may trust it. Otherwise the host's pm2. */
export function realPm2(euid: Uid, policy: Policy | null): RealPm2 {
  const door = doorOfThisCall();
  if (door === null) return hostsPm2(euid, policy);
  const own = findRealPm2({ recorded: door, path: undefined, skip: [BUNDLES], asRoot: euid === 0 });
  if (own.type === 'found') return own;
  const host = hostsPm2(euid, policy);
  return host.type === 'found' ? host : own;
}

/** The recorded pm2, else the first pinned one, else one in PATH that root may trust. */
function hostsPm2(euid: Uid, policy: Policy | null): RealPm2 {
  const recorded = installRecord()?.pm2 ?? null;
  const pins = (policy?.daemons ?? []).map((daemon) => daemon.pm2).filter((pin) => pin !== null);
  for (const pin of [recorded, ...pins]) {
    if (pin === null) continue;
    const found = findRealPm2({ recorded: pin, path: undefined, skip: [BUNDLES], asRoot: false });
    if (found.type === 'found') return found;
  }
  const found = findRealPm2({ recorded, path: process.env['PATH'], skip: [BUNDLES], asRoot: euid === 0 });
  // A call that switches users runs no pm2 as root. carry-out checks again before root runs it.
  if (found.type !== 'untrusted') return found;
  // Only from SYSTEM_PATH: root's own PATH may contain another user's program.
  const usual = findRealPm2({ recorded: null, path: SYSTEM_PATH, skip: [BUNDLES], asRoot: false });
  return usual.type === 'found' ? usual : found;
}
