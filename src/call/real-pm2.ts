import { findRealPm2, type RealPm2 } from '../pm2/installed.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Policy } from '../policy/policy.ts';
import { doorOfThisCall } from './door.ts';
import { installRecord, BUNDLES } from './installation.ts';

/**
 * The real pm2 of this call: the one whose door it came through, which for root must be one that only root can
 * change; else the host's.
 */
export function realPm2(euid: number, policy: Policy | null): RealPm2 {
  const door = doorOfThisCall();
  if (door === null) return hostsPm2(euid, policy);
  const own = findRealPm2({ recorded: door, path: undefined, skip: [BUNDLES], asRoot: euid === 0 });
  if (own.type === 'found') return own;
  const host = hostsPm2(euid, policy);
  return host.type === 'found' ? host : own;
}

/**
 * As recorded at install, by root's own hand; else the first that the config pins; else from PATH, for root as above.
 */
function hostsPm2(euid: number, policy: Policy | null): RealPm2 {
  const recorded = installRecord()?.pm2 ?? null;
  const pins = (policy?.daemons ?? []).map((daemon) => daemon.pm2).filter((pin) => pin !== null);
  for (const pin of [recorded, ...pins]) {
    if (pin === null) continue;
    const found = findRealPm2({ recorded: pin, path: undefined, skip: [BUNDLES], asRoot: false });
    if (found.type === 'found') return found;
  }
  const found = findRealPm2({ recorded, path: process.env['PATH'], skip: [BUNDLES], asRoot: euid === 0 });
  // A call that becomes another user needs no pm2 that root may run; before root itself runs it, carry-out looks again.
  if (found.type !== 'untrusted') return found;
  // Only one that every user finds: what stands in root's own PATH alone may be another user's trap.
  const usual = findRealPm2({ recorded: null, path: SYSTEM_PATH, skip: [BUNDLES], asRoot: false });
  return usual.type === 'found' ? usual : found;
}
