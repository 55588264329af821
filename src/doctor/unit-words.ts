import { defaultPm2Home } from '../pm2/home.ts';
import { basename } from 'node:path';
import type { HostFacts } from '../host/facts.ts';
import type { Unit } from '../host/boot/units.ts';
import { startupWords } from '../pm2/startup-words.ts';
import type { Daemon } from '../policy/policy.ts';
import { serviceNameOf } from '../policy/service-name.ts';
import { as } from './words.ts';

/** A drop-in leaves the unit file as it is (systemd.unit(5)). */
export function dropInCommands(unit: string, name: string, setting: string): string[][] {
  const directory = `/etc/systemd/system/${unit}.d`;
  return [
    ['sudo', 'mkdir', '-p', directory],
    ['sudo', 'sh', '-c', `printf '[Service]\\n%s\\n' "$1" > "$2"`, 'sh', setting, `${directory}/${name}.conf`],
    ['sudo', 'systemctl', 'daemon-reload'],
  ];
}

/**
 * Removes a unit, so that it cannot be enabled by mistake. Its daemon runs on. A user's unit is moved with the user's
 * rights, because the user can change its parent directories.
 */
export function retireCommands({ name, file, manager, enabled }: Unit): string[][] {
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

/** Has PM2 rewrite a unit with a matching user and PM2_HOME. */
export function startupRepair(user: string, facts: HostFacts, homeDirectory: string): string[] {
  const declared = facts.policy?.daemons.filter((daemon) => daemon.user === user) ?? [];
  const [daemon] = [...declared.filter(({ pm2Home }) => basename(pm2Home) === '.pm2'), ...declared];
  return daemon === undefined ? startupWords(user, defaultPm2Home(homeDirectory)) : startupFor(daemon, facts);
}

/** The name differs from that of every other daemon of the user. */
export function startupFor(daemon: Daemon, { policy }: HostFacts): string[] {
  return startupWords(daemon.user, daemon.pm2Home, serviceNameOf(daemon, policy?.daemons ?? []));
}
