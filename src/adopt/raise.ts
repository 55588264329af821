import { bootUnitFor } from '../host/daemon-unit.ts';
import { liveDaemons } from '../host/live-daemons.ts';
import { isBooted, runSystemctl } from '../host/systemctl.ts';
import { pm2Units, type Unit } from '../host/units.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';
import { Failed } from './failed.ts';
import type { Launcher } from './move.ts';
import type { Seat } from './seat.ts';
import type { Worker } from './work-as.ts';

/**
 * Brings the daemon of a seat up where it does not run: by its own boot unit where systemd runs, so that it lives in
 * that unit's cgroup and not in the session of the caller, and with the environment and limits it has after a
 * boot; else by the real pm2 as its user.
 *
 * @throws Failed where it does not come up, or comes up as somebody else's
 */
export async function raise(worker: Worker, launcher: Launcher): Promise<void> {
  const { seat } = worker;
  if (await isUp(seat)) return;
  const fault = seat.uid === 0 ? findUntrusted(seat.home, 'directory') : null;
  if (fault !== null && fault.kind !== 'missing')
    throw new Failed(`no daemon of root's is started in ${seat.home}: ${fault.path} ${fault.why}`); // T12
  const unit = unitOf(seat);
  if (unit !== null) {
    const failure = runSystemctl('start', unit.name);
    if (failure !== null) throw new Failed(`systemctl start ${unit.name} failed: ${failure}`);
  } else {
    if (launcher.pm2 === null) throw new Failed('there is no pm2 on this host to start the daemon with');
    const launched = await worker.launch({ node: launcher.node, pm2: launcher.pm2, userHome: seat.userHome });
    if (launched.type === 'failed')
      throw new Failed(`the daemon of ${seat.label} could not be started: ${launched.why}`);
  }
  if (!(await isUp(seat))) throw new Failed(`the daemon of ${seat.label} is not up, though pm2 said so`);
}

/** The system's unit that would bring this very daemon up; null: none, or systemd does not run. */
function unitOf(seat: Seat): Unit | null {
  return process.geteuid?.() !== 0 || !isBooted() ? null : bootUnitFor(seat, pm2Units());
}

/** A daemon of that user listens in that home. */
async function isUp({ home, uid }: Seat): Promise<boolean> {
  return (await liveDaemons()).some(
    (daemon) => daemon.reachable && !daemon.elsewhere && realpathOrSelf(daemon.home) === home && daemon.uid === uid,
  );
}
