import { bootUnitFor } from '../host/boot/daemon-unit.ts';
import { liveDaemons } from '../host/daemons/live-daemons.ts';
import { hasExited, isBooted, runSystemctl } from '../host/boot/systemctl.ts';
import { pm2Units, type Unit } from '../host/boot/units.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';
import { Failed } from './failed.ts';
import type { Launcher } from './move.ts';
import type { Seat } from './seat.ts';
import type { Worker } from './work-as.ts';

/**
 * Starts a daemon that does not run. Under systemd it uses the daemon's boot unit, so that the daemon gets the unit's
 * cgroup, environment and limits instead of those of the caller's session. Otherwise it runs the real pm2 as the
 * user.
 * @throws Failed if it does not start, or starts as another user
 */
export async function startDaemon(worker: Worker, launcher: Launcher): Promise<void> {
  const { seat } = worker;
  if (await isUp(seat)) return;
  const fault = seat.uid === 0 ? findUntrusted(seat.pm2Home, 'directory') : null;
  if (fault !== null && fault.kind !== 'missing')
    throw new Failed(`no daemon of root's is started in ${seat.pm2Home}: ${fault.path} ${fault.why}`);
  const unit = unitOf(seat);
  if (unit !== null) {
    const failure = runSystemctl(hasExited(unit.name) ? 'restart' : 'start', unit.name);
    if (failure !== null) throw new Failed(`systemctl start ${unit.name} failed: ${failure}`);
  } else {
    if (launcher.pm2 === null) throw new Failed('there is no pm2 on this host to start the daemon with');
    const launched = await worker.launch({ node: launcher.node, pm2: launcher.pm2, homeDirectory: seat.homeDirectory });
    if (launched.type === 'failed')
      throw new Failed(`the daemon of ${seat.label} could not be started: ${launched.why}`);
  }
  if (!(await isUp(seat))) throw new Failed(`the daemon of ${seat.label} was started, but does not answer`);
}

/** The system unit that would start this daemon; null: none, or systemd does not run. */
function unitOf(seat: Seat): Unit | null {
  return process.geteuid?.() !== 0 || !isBooted() ? null : bootUnitFor(seat, pm2Units());
}

async function isUp({ pm2Home, uid }: Seat): Promise<boolean> {
  return (await liveDaemons()).some(
    (daemon) =>
      daemon.reachable && !daemon.elsewhere && realpathOrSelf(daemon.pm2Home) === pm2Home && daemon.uid === uid,
  );
}
