import { asPid, type Pid } from '../../runtime/brands.ts';
import { runProgram } from '../../runtime/run-program.ts';
import { isBooted, systemctlPath } from './systemctl.ts';

const PLAIN = { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, encoding: 'utf8', timeout: 3000 } as const;

export interface UnitState {
  /** active, inactive, failed, activating... */
  active: string;
  mainPid: Pid | null;
  /** success, protocol, timeout, exit-code... (systemd.exec(5), $SERVICE_RESULT) */
  result: string;
  /** Of the main process or of ExecStart=; null: none has ended. */
  exitStatus: number | null;
}

export interface Systemd {
  /** Null: unknown. */
  version: number | null;
  /** Null: systemd does not run this host. */
  states: ReadonlyMap<string, UnitState> | null;
}

/** Only reads the version and the state of system units. */
export function askSystemd(names: readonly string[]): Systemd {
  const systemctl = systemctlPath();
  if (systemctl === null) return { version: null, states: null };
  return { version: systemdVersion(), states: isBooted() ? statesOf(systemctl, names) : null };
}

let knownVersion: number | null | undefined;

/** Null: unknown. Runs systemctl once per process. */
export function systemdVersion(): number | null {
  if (knownVersion !== undefined) return knownVersion;
  const systemctl = systemctlPath();
  if (systemctl === null) return null;
  const version = /^systemd (\d+)/m.exec(runProgram(systemctl, ['--version'], PLAIN).stdout)?.[1];
  return (knownVersion = version === undefined ? null : Number(version));
}

function statesOf(systemctl: string, names: readonly string[]): Map<string, UnitState> | null {
  if (names.length === 0) return new Map();
  const properties = '--property=Id,ActiveState,MainPID,Result,ExecMainStatus,ExecStart';
  const { status, stdout } = runProgram(systemctl, ['show', properties, '--', ...names], PLAIN);
  if (status !== 0) return null;
  return new Map(
    stdout.split('\n\n').flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      const pid = Number(field('MainPID'));
      // Of a forking unit whose ExecStart= fails, no main process has ended: ExecMainStatus is 0.
      const start = /; code=exited ; status=(\d+) \}$/.exec(field('ExecStart'))?.[1];
      const main = field('ExecMainStatus');
      const exit = main === '0' && start !== undefined ? start : main;
      const state: UnitState = {
        active: field('ActiveState'),
        mainPid: pid > 0 ? asPid(pid) : null,
        result: field('Result'),
        exitStatus: /^\d+$/.test(exit) ? Number(exit) : null,
      };
      return field('Id') === '' ? [] : [[field('Id'), state] as const];
    }),
  );
}
