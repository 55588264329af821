import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { liveDaemons } from '../host/live-daemons.ts';
import { homeOfUnit } from '../host/homes.ts';
import { pm2Units, type Unit } from '../host/units.ts';
import { withoutLinks } from '../runtime/peek.ts';
import { distrust } from '../trust/trust.ts';
import { Failed } from './failed.ts';
import type { Launcher } from './move.ts';
import type { Seat } from './seat.ts';
import type { Worker } from './work-as.ts';

/** By absolute path: root runs it. */
const SYSTEMCTL = '/usr/bin/systemctl';
/** sd_booted(3). */
const SYSTEMD_RUNS = '/run/systemd/system';

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
  const fault = seat.uid === 0 ? distrust(seat.home, 'directory') : null;
  if (fault !== null && fault.kind !== 'missing')
    throw new Failed(`no daemon of root's is started in ${seat.home}: ${fault.path} ${fault.why}`); // T12
  const unit = unitOf(seat);
  if (unit !== null) {
    const { status, stderr } = spawnSync(SYSTEMCTL, ['start', unit.name], {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      timeout: 60_000,
    });
    if (status !== 0) throw new Failed(`systemctl start ${unit.name} failed: ${stderr.trim().split('\n')[0] ?? ''}`);
  } else {
    if (launcher.pm2 === null) throw new Failed('there is no pm2 on this host to start the daemon with');
    const launched = await worker.launch({ node: launcher.node, pm2: launcher.pm2, userHome: seat.userHome });
    if (launched.type === 'failed')
      throw new Failed(`the daemon of ${seat.label} could not be started: ${launched.why}`);
  }
  if (!(await isUp(seat))) throw new Failed(`the daemon of ${seat.label} is not up, though pm2 said so`);
}

/** The unit that would bring this very daemon up; null: none, or nobody to ask. */
export function unitOf(seat: Seat): Unit | null {
  if (process.geteuid?.() !== 0 || !existsSync(SYSTEMD_RUNS) || !existsSync(SYSTEMCTL)) return null;
  return (
    pm2Units().find(
      (unit) => unit.enabled && (unit.user ?? 'root') === seat.user && withoutLinks(homeOfUnit(unit)) === seat.home,
    ) ?? null
  );
}

/** A daemon of that user listens in that home. */
async function isUp({ home, uid }: Seat): Promise<boolean> {
  return (await liveDaemons()).some(
    (daemon) => daemon.reachable && !daemon.elsewhere && withoutLinks(daemon.home) === home && daemon.uid === uid,
  );
}
