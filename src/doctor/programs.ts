import { vanishing, type Vanishing } from '../host/processes/vanishing.ts';
import { staying } from '../install/node.ts';
import { readInstall } from '../install/record.ts';
import type { Policy } from '../policy/policy.ts';
import { realpathOrNull } from '../runtime/peek.ts';

/** A program that the guard starts by a recorded path. */
export interface Program {
  of: 'pm2' | 'node';
  path: string;
  /** The daemon in the config that pins it; null: install recorded it. */
  pinnedFor: string | null;
  gone: boolean;
  /** What will remove it; null: nothing known. */
  vanishing: Vanishing | null;
  /** A replacement that stays. */
  other: string | null;
}

const OTHERS = { node: ['/usr/bin/node', '/usr/local/bin/node'], pm2: ['/usr/bin/pm2'] };

export function programs(policy: Policy | null): Program[] {
  const record = readInstall();
  const told = (['node', 'pm2'] as const).flatMap((of) => [
    ...named(of, record?.[of], null),
    ...(policy?.daemons ?? []).flatMap((daemon) => named(of, daemon[of], daemon.name)),
  ]);
  // People choose the pins, so a pin is reported only where it is gone.
  return told.filter(({ gone, vanishing: will, pinnedFor }) => gone || (will !== null && pinnedFor === null));
}

function named(of: Program['of'], path: unknown, pinnedFor: string | null): Program[] {
  if (typeof path !== 'string') return [];
  const file = realpathOrNull(path);
  const will = path === file ? vanishing(path) : null;
  const other = (file === null ? null : staying(file)) ?? OTHERS[of].find(isStaying) ?? null;
  return [{ of, path, pinnedFor, gone: file === null, vanishing: will, other }];
}

function isStaying(path: string): boolean {
  const file = realpathOrNull(path);
  return file !== null && vanishing(file) === null;
}
