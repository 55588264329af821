import { basename, join } from 'node:path';
import type { HostFacts } from '../host/facts.ts';
import type { Unit } from '../host/units.ts';
import { startupWords } from '../pm2/startup-words.ts';
import type { Daemon } from '../policy/policy.ts';
import { serviceNameOf } from '../policy/service-name.ts';
import { as } from './words.ts';

/** Commands that add a setting to a unit, and leave the file itself as whoever wrote it left it (systemd.unit(5)). */
export function drop(unit: string, name: string, setting: string): string[][] {
  const directory = `/etc/systemd/system/${unit}.d`;
  return [
    ['sudo', 'mkdir', '-p', directory],
    ['sudo', 'sh', '-c', `printf '[Service]\\n%s\\n' "$1" > "$2"`, 'sh', setting, `${directory}/${name}.conf`],
    ['sudo', 'systemctl', 'daemon-reload'],
  ];
}

/**
 * A unit away: not started at boot any more, and not there to be enabled by mistake. Its daemon runs on. A unit of a
 * user's own manager lies where that user can change each directory: it is moved with the user's rights.
 */
export function retire({ name, file, manager, enabled }: Unit): string[][] {
  if (manager === null)
    return [
      ...(enabled ? [['sudo', 'systemctl', 'disable', name]] : []),
      ['sudo', 'mv', file, `/var/backups/${basename(file)}`],
    ];
  return [
    ...(enabled ? [['sudo', 'systemctl', '--user', '-M', `${manager}@`, 'disable', '--', name]] : []),
    as(manager, ['mv', '--', file, `${file}.disabled`]),
  ];
}

/** Writes a unit anew, by PM2 itself, with the user and the PM2_HOME that belong together. */
export function startupRepair(user: string, facts: HostFacts, userHome: string): string[] {
  const declared = facts.policy?.daemons.filter((daemon) => daemon.user === user) ?? [];
  const [daemon] = [...declared.filter(({ home }) => basename(home) === '.pm2'), ...declared];
  return daemon === undefined ? startupWords(user, join(userHome, '.pm2')) : startupFor(daemon, facts);
}

/** Writes the unit of a declared daemon, under a name that no other daemon of its user has. */
export function startupFor(daemon: Daemon, { policy }: HostFacts): string[] {
  return startupWords(daemon.user, daemon.home, serviceNameOf(daemon, policy?.daemons ?? []));
}
