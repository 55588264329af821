import type { ResolvedCall } from '../call/resolve-call.ts';
import { rpcSocket } from '../pm2/home.ts';
import { pidFile, pidInFile } from '../pm2/pid-file.ts';
import type { Daemon } from '../policy/policy.ts';
import { statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { classOf } from '../verdict/command-class.ts';
import { bootUnits } from './boot-units.ts';
import { mayNotify, say } from './report.ts';

export interface Asleep {
  unit: string;
  /** root's call must start or restart something. */
  wakes: boolean;
  /** The call only lists apps, so the daemon need not start. */
  lists: boolean;
}

const LISTS = 'list l ps status slist jlist prettylist pid id describe desc info show env'.split(' ');

/**
 * Finds the boot unit of a stopped daemon. Null: running, or no unit. PM2's client would start it in the caller's
 * session, so the daemon would end with the session, escape systemctl, and have no apps (T46).
 */
export function asleep({ verdict, invocation, caller }: ResolvedCall): Asleep | null {
  if (verdict.type === 'block' || (verdict.type === 'pass' && verdict.daemonless)) return null;
  const { daemon } = verdict;
  if (daemon === null || (verdict.type === 'rewrite' && verdict.code === 'PG107')) return null;
  if (!mayBeDown(daemon, caller.uid === 0)) return null;
  const unit = bootUnits()?.bootUnitOf(daemon) ?? null;
  if (unit === null) return null;
  const needed = ['starts', 'interrupts'].includes(classOf(invocation)) && invocation.command !== 'kill';
  return { unit, wakes: needed && caller.uid === 0, lists: LISTS.includes(invocation.command ?? '') };
}

/** Starts the unit if root's call needs it. Otherwise prints a note. */
export function bringUp({ unit, wakes }: Omit<Asleep, 'lists'>, { verdict, invocation, policy }: ResolvedCall): void {
  const name = verdict.daemon?.name ?? '';
  const failure = wakes ? (bootUnits()?.startUnit(unit) ?? null) : null;
  if (!mayNotify(invocation, policy)) return;
  const start = quoteCommand(['sudo', 'systemctl', 'start', unit]);
  if (!wakes)
    say([`pm2-guard: note: daemon "${name}" does not run; its unit starts it with all saved apps:  ${start}`]);
  else if (failure === null) say([`pm2-guard: daemon "${name}" did not run: its unit was started (${unit})`]);
  else say([`pm2-guard: daemon "${name}" does not run, and its unit did not start (${unit}): ${failure}`]);
}

/** Users can write pm2.pid, so its content only decides if boot-unit.cjs checks further. */
function mayBeDown({ home }: Daemon, asRoot: boolean): boolean {
  if (statOf(rpcSocket(home)) === null || statOf(pidFile(home)) === null) return true;
  if (!asRoot) return false;
  const pid = pidInFile(home);
  return pid === null || startOf(pid) === null;
}
