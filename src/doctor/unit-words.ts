import { dirname, basename } from 'node:path';
import type { HostFacts } from '../host/facts.ts';
import type { Unit } from '../host/units.ts';
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

/** A unit anew, by PM2 itself, with user and home that belong together. */
export function startup(user: string, { policy }: HostFacts, userHome: string): string[] {
  const declared = policy?.daemons.find((daemon) => daemon.user === user && basename(daemon.home) === '.pm2');
  return ['sudo', 'pm2', 'startup', 'systemd', '-u', user, '--hp', declared ? dirname(declared.home) : userHome];
}
