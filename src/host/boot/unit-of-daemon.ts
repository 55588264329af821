import { rpcSocket } from '../../pm2/home.ts';
import { asPid, type Pid } from '../../runtime/brands.ts';
import { realpathOrSelf } from '../../runtime/peek.ts';
import { runProgram } from '../../runtime/run-program.ts';
import { serviceOf, type DaemonSeat } from './daemon-unit.ts';
import { pm2HomeOfUnit } from '../homes/homes.ts';
import { cgroupsOf } from '../processes/process-facts.ts';
import { socketsOf } from '../processes/processes.ts';
import { listeningInodes, networkTable } from '../daemons/sockets.ts';
import { isBooted, systemctlPath } from './systemctl.ts';
import { pm2Units } from './units.ts';

/**
 * The system unit whose main process this daemon is, if its ExecStop= is `pm2 kill`. systemd runs ExecStop= also when
 * the main process ends by itself. That ends every daemon of this PM2_HOME.
 *
 * The kernel says which process has the socket, and systemd which is the main process. Null: there is none, this
 * process is itself in a unit of PM2, or the caller is neither root nor the daemon's user and may not look.
 */
export function unitThatEndsAll(seat: DaemonSeat): string | null {
  if (!isBooted()) return null;
  const units = pm2Units();
  const around = serviceOf(cgroupsOf('self'));
  if (around?.manager === null && units.some(({ name }) => name === around.name)) return null;
  const real = realpathOrSelf(seat.pm2Home);
  const own = units.filter(
    (unit) => unit.manager === null && unit.account?.uid === seat.uid && realpathOrSelf(pm2HomeOfUnit(unit)) === real,
  );
  if (own.length === 0) return null;
  const sockets = [seat.pm2Home, ...own.map(pm2HomeOfUnit)].map((pm2Home) => rpcSocket(pm2Home));
  const listening = listeningInodes([networkTable('self', 'unix')], (path) => sockets.includes(path));
  return (
    own.find(({ name }) => socketsOf(mainPid(name) ?? asPid(0)).some((inode) => listening.has(inode)))?.name ?? null
  );
}

/** Null: unknown, or the end of the main process does not run `pm2 kill`. */
function mainPid(unit: string): Pid | null {
  const systemctl = systemctlPath();
  if (systemctl === null) return null;
  const { stdout } = runProgram(systemctl, ['show', '--property=MainPID,RemainAfterExit,ExecStop', '--', unit], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 3000,
  });
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  const kills = /argv\[\]=[^;]*\bkill\b/.test(field('ExecStop')) && field('RemainAfterExit') !== 'yes';
  return kills && Number(field('MainPID')) > 0 ? asPid(Number(field('MainPID'))) : null;
}
