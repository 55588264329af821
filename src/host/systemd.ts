import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { distrust } from '../trust/trust.ts';

// By absolute path: root runs it. /usr/local is left out: what is there is not the distribution's.
const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'];
const PLAIN = { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, encoding: 'utf8', timeout: 3000 } as const;

/** What systemd itself says of a unit that it has loaded. */
export interface UnitState {
  /** active, inactive, failed, activating... */
  active: string;
  /** The process it takes for the service; null: none. */
  mainPid: number | null;
}

export interface Systemd {
  /** null: there is none on this host, or it did not say. */
  version: number | null;
  /** By unit; null: systemd is not what runs this host (a container, another init). */
  states: ReadonlyMap<string, UnitState> | null;
}

/**
 * Asks systemd for its version and for the state of some units of the system's manager, and changes nothing.
 *
 * @param names of units
 */
export function askSystemd(names: readonly string[]): Systemd {
  const systemctl = SYSTEMCTL.find((path) => existsSync(path) && distrust(path, 'file') === null);
  if (systemctl === undefined || names.length === 0) return { version: null, states: null };
  const version = /^systemd (\d+)/m.exec(spawnSync(systemctl, ['--version'], PLAIN).stdout)?.[1];
  return {
    version: version === undefined ? null : Number(version),
    states: existsSync('/run/systemd/system') ? statesOf(systemctl, names) : null, // sd_booted(3)
  };
}

function statesOf(systemctl: string, names: readonly string[]): Map<string, UnitState> | null {
  const { status, stdout } = spawnSync(systemctl, ['show', '--property=Id,ActiveState,MainPID', '--', ...names], PLAIN);
  if (status !== 0) return null;
  return new Map(stdout.split('\n\n').flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
    const pid = Number(field('MainPID'));
    return field('Id') === '' ? [] : [[field('Id'), { active: field('ActiveState'), mainPid: pid > 0 ? pid : null }] as const];
  }));
}
