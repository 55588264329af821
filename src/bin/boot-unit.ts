import { rpcSocket } from '../pm2/home.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { bootUnitFor, serviceOf, type DaemonSeat } from '../host/boot/daemon-unit.ts';
import { cgroupsOf } from '../host/processes/process-facts.ts';
import { hasExited, isBooted, runSystemctl, runSystemctlBy } from '../host/boot/systemctl.ts';
import { pm2Units } from '../host/boot/units.ts';

/*
 * The bundle boot-unit.cjs. The guard loads it only for a stopped daemon (src/guard/bring-up.ts) and for `pm2 update`
 * (src/guard/update-in-unit.ts), because reading all units takes milliseconds.
 */

export { unitThatEndsAll } from '../host/boot/unit-of-daemon.ts';

/**
 * The enabled system unit of a stopped daemon. Null: there is none, the daemon runs, systemd does not run, or this
 * process is itself in a unit of PM2.
 */
export function bootUnitOf(seat: DaemonSeat): string | null {
  if (!isBooted() || isListening(rpcSocket(seat.pm2Home))) return null;
  const units = pm2Units();
  const around = serviceOf(cgroupsOf('self'));
  if (around?.manager === null && units.some(({ name }) => name === around.name)) return null;
  return bootUnitFor(seat, units)?.name ?? null;
}

/** Waits until the unit is up. @returns null: it is up; else the reason */
export function startUnit(name: string): string | null {
  return runSystemctl(hasExited(name) ? 'restart' : 'start', name);
}

/** The same with the rights that sudo gives the caller. It asks for no password. */
export function startUnitBySudo(sudo: string, name: string): string | null {
  return runSystemctlBy([sudo, '-n', '--'], 'start', name);
}

/** By the kernel's list (__SO_ACCEPTCON in the flags). */
function isListening(path: string): boolean {
  return readTextOrEmpty('/proc/net/unix')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && /^\S+ \S+ \S+ 00010000 /.test(line));
}
