import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ResolvedCall } from '../call/resolve-call.ts';
import { rpcSocket } from '../pm2/home.ts';
import { pidFile, pidInFile } from '../pm2/pid-file.ts';
import type { Daemon } from '../policy/policy.ts';
import { statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { classOf } from '../verdict/command-class.ts';
import { mayNotify, say } from './report.ts';

/** What knows boot units (src/host/boot-unit.ts): a bundle of its own, for hardly any call needs it. */
interface BootUnits {
  bootUnitOf(seat: { uid: number; home: string }): string | null;
  startUnit(name: string): string | null;
}

/** The unit that starts a daemon which does not run. */
export interface Asleep {
  unit: string;
  /** This call has to start or restart something, and root makes it. */
  wakes: boolean;
  /** It only asks what runs, which is nothing: no daemon has to be spawned to say so. */
  lists: boolean;
}

/** Commands that only ask the daemon for its list. */
const LISTS = 'list l ps status slist jlist prettylist pid id describe desc info show env'.split(' ');

/**
 * Whether the daemon of a call does not run and has a boot unit. PM2's client would spawn the daemon in the caller's
 * session, outside of the unit: it then ends with that session, systemctl does not reach it, and its list is empty
 * (T46). Where the daemon runs this costs a look for its socket.
 *
 * @returns null: it runs, or there is no such unit
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

/** Brings such a daemon up by its unit where root's call needs it, and says so; for others names the unit. */
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

/**
 * Whether the daemon may be down: it has no socket or no pm2.pid, or, which is looked at for root alone, the process
 * that this file names has ended. A user can write anything into it: it only decides whether boot-unit.cjs looks
 * closer.
 */
function mayBeDown({ home }: Daemon, asRoot: boolean): boolean {
  if (statOf(rpcSocket(home)) === null || statOf(pidFile(home)) === null) return true;
  if (!asRoot) return false;
  const pid = pidInFile(home);
  return pid === null || startOf(pid) === null;
}

/** By an absolute path, so that neither NODE_PATH nor the current directory has a say. Null: it is not there. */
function bootUnits(): BootUnits | null {
  try {
    return createRequire('/')(join(__dirname, 'boot-unit.cjs')) as BootUnits;
  } catch {
    return null; // a damaged installation must not keep a call from pm2
  }
}
