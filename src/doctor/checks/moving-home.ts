import type { HostFacts } from '../../host/facts.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { dropInCommands } from '../unit-words.ts';

/** PD309, T15: without HOME and PM2_HOME, PM2 5 and 6 use /etc/.pm2, and PM2 7 the user's home directory. */
export const movingPm2Home: Check = {
  name: 'PM2_HOMEs that an upgrade moves',
  find: (facts) => [
    ...facts.units.flatMap((unit): DoctorFinding[] => {
      // systemd sets HOME only for a service with User= (systemd.exec(5)).
      const version = facts.copies.find(({ file }) => file === unit.program)?.version ?? null;
      const { seat, user, pm2Home, homeDirectory } = unit;
      if ([seat, user, pm2Home, homeDirectory].some((one) => one !== null) || !isOld(version)) return [];
      return [
        {
          ...page,
          what: `${unit.name} starts PM2 ${version ?? ''} without HOME: its daemon lives in /etc/.pm2`,
          evidence: [`${unit.file} has neither User=, nor HOME or PM2_HOME in Environment=`],
          repair: dropInCommands(unit.name, 'pm2-home', 'Environment=PM2_HOME=/etc/.pm2'),
          subject: about({ home: '/etc/.pm2', path: unit.file }),
        },
      ];
    }),
    ...facts.daemons.flatMap((daemon): DoctorFinding[] => {
      const env = daemon.process?.env;
      if (
        daemon.pm2Home !== '/etc/.pm2' ||
        !env ||
        env['HOME'] !== undefined ||
        !isOld(daemon.pm2) ||
        startedByUnit(daemon.process?.cgroups ?? [], facts)
      )
        return [];
      return [
        {
          ...page,
          what: `the daemon in /etc/.pm2 has no HOME and is PM2 ${daemon.pm2 ?? ''}`,
          evidence: [`pid ${daemon.pid ?? '?'} was started without HOME and PM2_HOME`],
          repair: [],
          subject: about({ home: daemon.pm2Home, pid: daemon.pid }),
        },
      ];
    }),
  ],
};

const page = {
  code: 'PD309',
  urgency: 'wrong',
  fix: null,
  trap: 'T15',
  why:
    "PM2 7 looks for it in the user's home directory: after the upgrade there are two daemons, and the boot brings " +
    'back the wrong list, or none.',
} as const;

function isOld(version: string | null): boolean {
  return version !== null && Number.parseInt(version, 10) <= 6;
}

function startedByUnit(cgroups: readonly string[], { units }: HostFacts): boolean {
  return units.some(({ name }) => cgroups.some((cgroup) => cgroup.endsWith(`/${name}`)));
}
