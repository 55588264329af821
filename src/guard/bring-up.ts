import { lstatSync } from 'node:fs';
import { isOperator } from '../call/operators.ts';
import type { ResolvedCall } from '../call/resolve-call.ts';
import { rpcSocket } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { pidFile, pidInFile } from '../pm2/pid-file.ts';
import type { Daemon } from '../policy/policy.ts';
import { asPid } from '../runtime/brands.ts';
import { statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { classOf } from '../verdict/command-class.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { canBecome } from './ask-sudo.ts';
import { bootUnits } from './boot-units.ts';
import { mayNotify, say } from './report.ts';

export interface StoppedDaemon {
  unit: string;
  /** root's call must start or restart something. */
  startsUnit: boolean;
  /** The call only lists apps, so the daemon need not start. */
  onlyLists: boolean;
}

const LISTS = 'list l ps status slist jlist prettylist pid id describe desc info show env'.split(' ');

/**
 * Finds the boot unit of a stopped daemon. Null: running, or no unit. PM2's client would start it in the caller's
 * session, so the daemon would end with the session, escape systemctl, and have no apps (T46).
 */
export function stoppedDaemonOf({ verdict, invocation, caller }: ResolvedCall): StoppedDaemon | null {
  if (verdict.type === 'block' || (verdict.type === 'pass' && verdict.daemonless)) return null;
  const { daemon } = verdict;
  if (daemon === null || (verdict.type === 'rewrite' && verdict.code === 'PG107')) return null;
  if (!mayBeDown(daemon, caller.uid === 0)) return null;
  const unit = bootUnits()?.bootUnitOf(daemon) ?? null;
  if (unit === null) return null;
  return {
    unit,
    startsUnit: isNeededBy(invocation) && caller.uid === 0,
    onlyLists: LISTS.includes(invocation.command ?? ''),
  };
}

/**
 * Before an operator's call goes through sudo: starts the unit, if sudo allows the operator that too. Otherwise the
 * guard behind sudo prints a note. For operators only: each refusal of sudo is an alarm in the system log.
 */
export function bringUpThroughSudo({ verdict, invocation, caller, policy }: ResolvedCall): void {
  const { daemon } = verdict;
  const sudo = realSudo();
  if (daemon === null || sudo === null || !isNeededBy(invocation) || !isMissing(rpcSocket(daemon.pm2Home))) return;
  if (!isOperator(daemon, caller)) return;
  const unit = bootUnits()?.bootUnitOf(daemon) ?? null;
  if (unit === null || canBecome(daemon) !== null || bootUnits()?.startUnitBySudo(sudo, unit) !== null) return;
  if (mayNotify(invocation, policy)) say([started(daemon, unit)]);
}

function isNeededBy(invocation: Invocation): boolean {
  return ['starts', 'interrupts'].includes(classOf(invocation));
}

function started({ name }: Daemon, unit: string): string {
  return `pm2-guard: daemon "${name}" did not run: its unit was started (${unit})`;
}

/** False where the caller may not look. */
function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** Starts the unit if root's call needs it. Otherwise prints a note. */
export function bringUp(
  { unit, startsUnit: wakes }: Omit<StoppedDaemon, 'lists'>,
  { verdict, invocation, policy }: ResolvedCall,
): void {
  const { daemon } = verdict;
  if (daemon === null) return;
  const failure = wakes ? (bootUnits()?.startUnit(unit) ?? null) : null;
  if (!mayNotify(invocation, policy)) return;
  const start = commandLineHere(['sudo', 'systemctl', 'start', unit]);
  if (!wakes)
    say([`pm2-guard: note: daemon "${daemon.name}" does not run; its unit starts it with all saved apps:  ${start}`]);
  else if (failure === null) say([started(daemon, unit)]);
  else say([`pm2-guard: daemon "${daemon.name}" does not run, and its unit did not start (${unit}): ${failure}`]);
}

/** Users can write pm2.pid, so its content only decides if boot-unit.cjs checks further. */
function mayBeDown({ pm2Home }: Daemon, asRoot: boolean): boolean {
  if (statOf(rpcSocket(pm2Home)) === null || statOf(pidFile(pm2Home)) === null) return true;
  if (!asRoot) return false;
  const pid = pidInFile(pm2Home);
  return pid === null || startOf(asPid(pid)) === null;
}
