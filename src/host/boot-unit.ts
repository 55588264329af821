import { rpcSocket } from '../pm2/home.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { bootUnitFor, serviceOf, type DaemonSeat } from './daemon-unit.ts';
import { cgroupsOf } from './process-facts.ts';
import { isBooted, runSystemctl } from './systemctl.ts';
import { pm2Units } from './units.ts';

/*
 * The bundle boot-unit.cjs, which the guard loads only for a daemon that does not run (src/guard/bring-up.ts): reading
 * all units takes some milliseconds.
 */

/**
 * The enabled unit of the system's manager that starts this daemon at boot, where the daemon does not run.
 *
 * @returns its name; null: there is none, the daemon runs, systemd does not run this host, or this very process is in a
 *   unit of PM2's and so part of such a start
 */
export function bootUnitOf(seat: DaemonSeat): string | null {
  if (!isBooted() || isListening(rpcSocket(seat.home))) return null;
  const units = pm2Units();
  const around = serviceOf(cgroupsOf('self'));
  if (around?.manager === null && units.some(({ name }) => name === around.name)) return null;
  return bootUnitFor(seat, units)?.name ?? null;
}

/** The unit of PM2's in whose control group a process is; null: it is in none of the system's manager. */
export function unitOfPid(pid: number): string | null {
  if (!isBooted()) return null;
  const service = serviceOf(cgroupsOf(pid));
  return service?.manager === null && pm2Units().some(({ name }) => name === service.name) ? service.name : null;
}

/** Starts a unit, and waits until it is up. @returns null: it is; else why not, for people */
export function startUnit(name: string): string | null {
  return runSystemctl('start', name);
}

/** Whether a process listens at this path, by the kernel's list (__SO_ACCEPTCON in the flags). */
function isListening(path: string): boolean {
  return readTextOrEmpty('/proc/net/unix')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && /^\S+ \S+ \S+ 00010000 /.test(line));
}
