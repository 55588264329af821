import { dirname } from 'node:path';
import { repairsOfPm2 } from '../pm2/give-to-root.ts';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { rootMayRun, type InstalledPm2 } from '../pm2/installed.ts';
import { pm2HomeDistrust } from '../policy/pm2-home-fault.ts';
import type { Daemon } from '../policy/policy.ts';
import { isProvenRoots, preparationOf } from '../prepared/use.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { repairsOf } from '../trust/all-faults.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { startRenewal } from './renew-prepared.ts';

export interface ForeignCode {
  /** `root would run X, which other users can change` */
  what: string;
  fault: Distrust;
  fix: string;
}

export interface RootsCall {
  pm2: Pick<InstalledPm2, 'bin' | 'file' | 'original' | 'version'>;
  /** root's daemon for the call. Null: none declared. */
  daemon: Pick<Daemon, 'name' | 'pm2Home'> | null;
  /** Pinned node. Null: the current one. */
  node: string | null;
}

/** root must not run code that others can write (docs/contract.md section 8.1). Null: only root can write it. */
export function foreignCode({ pm2, daemon, node }: RootsCall): ForeignCode | null {
  const ofPm2 = rootMayRun(pm2) ?? faultInPackage(pm2);
  if (ofPm2 !== null) {
    const fix = [...repairsOfPm2(pm2, ofPm2), ['pm2-guard', 'install']].map(quoteCommand).join(' && ');
    return { what: `root would run ${pm2.bin}, which other users can change`, fault: ofPm2, fix };
  }
  const ofNode =
    node === null || realpathOrSelf(node) === realpathOrSelf(process.execPath) ? null : findUntrusted(node, 'file');
  // A missing file, or no file, cannot be run: pinned-node.ts says so.
  if (ofNode !== null && ofNode.kind !== 'missing' && ofNode.kind !== 'type')
    return { what: `root would run ${node ?? ''}, which other users can change`, fault: ofNode, fix: repair(ofNode) };
  const ofPm2Home = daemon === null ? null : pm2HomeDistrust(daemon.pm2Home);
  if (daemon === null || ofPm2Home === null) return null;
  const place = `its PM2_HOME ${daemon.pm2Home}, which other users can change`;
  const what = `root's daemon "${daemon.name}" runs what is in ${place}`;
  return { what, fault: ofPm2Home, fix: repair(ofPm2Home) };
}

function repair(fault: Distrust): string {
  const repairs = repairsOf([fault]).map(quoteCommand);
  return repairs.join(' && ') || 'move it to a directory that only root can change';
}

/** Checks the whole package only if it changed since the last check. */
function faultInPackage({ bin, file }: Pick<InstalledPm2, 'bin' | 'file'>): Distrust | null {
  if (isProvenRoots(bin)) return null;
  const fault = foreignPartOf(dirname(dirname(file)));
  const { type } = preparationOf(bin); // a stale one is being renewed already
  if (fault === null && (type === 'ready' || type === 'none')) startRenewal(file);
  return fault;
}
