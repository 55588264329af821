import type { HostFacts } from '../../host/facts.ts';
import { pm2HomeOfUnit } from '../../host/homes/homes.ts';
import { systemdTakes } from '../../host/boot/user-names.ts';
import type { Unit } from '../../host/boot/units.ts';
import { pm2HomeAt } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';

/** PD407, T27: a `User=` that systemd ignores or refuses. */
export const unitUsers: Check = {
  name: 'users of units',
  find: (facts) =>
    facts.units.flatMap((unit) => {
      const fault = faultOf(unit, facts);
      return fault === null ? [] : [fault];
    }),
};

function faultOf({ name, file, user, account, ...unit }: Unit, facts: HostFacts): DoctorFinding | null {
  // su and sudo in ExecStart= take names by rules of their own.
  if (user === null || unit.seat !== null) return null;
  const { version } = facts.boot.systemd;
  const pm2Home = pm2HomeOfUnit({ name, file, user, account, ...unit });
  const roots =
    account?.uid === 0
      ? undefined
      : facts.daemons.find(
          (daemon) =>
            daemon.pm2Home === pm2Home &&
            daemon.uid === 0 &&
            daemon.process?.cgroups.some((cgroup) => cgroup.endsWith(`/${name}`)),
        );
  const taken = roots ? 'ignored' : systemdTakes(user, version);
  if (taken === 'taken' && account !== null) return null;
  const byNumber =
    account === null
      ? []
      : [
          ['sudo', 'sed', '-i', `s/^User=.*/User=${account.uid}/`, file],
          ['sudo', 'systemctl', 'daemon-reload'],
        ];
  const finding = {
    code: 'PD407' as const,
    fix: null,
    trap: 'T27',
    repair: byNumber,
    subject: about({ home: pm2HomeAt(pm2Home, facts)?.pm2Home ?? pm2Home, pid: roots?.pid ?? null, path: file }),
  };
  const line = `${file}: User=${user}`;
  switch (taken) {
    case 'ignored':
      return {
        ...finding,
        urgency: 'urgent',
        what: `systemd ignores the user of ${name}, and runs it as root`,
        evidence: [
          line,
          roots
            ? `pid ${roots.pid ?? '?'} of this unit runs as root`
            : `systemd ${version ?? ''} takes no such name (systemd.exec(5))`,
        ],
        why: 'It passes over the line with a warning: the daemon and all its apps are root.',
      };
    case 'refused':
      return {
        ...finding,
        urgency: 'wrong',
        what: `systemd refuses ${name}: its user's name is none to it`,
        evidence: [line, `systemd ${version ?? ''} takes no such name (systemd.exec(5))`],
        why: 'The unit is not loaded: nothing starts at boot.',
      };
    case 'unclear':
      return {
        ...finding,
        urgency: 'wrong',
        what: `the user of ${name} is a name that not every systemd takes`,
        evidence: [line, 'which systemd this host has is not known'],
        why:
          'Up to version 233 the line is ignored and the daemon runs as root; later versions refuse the unit, or ' +
          'take the name.',
      };
    case 'taken':
      return {
        ...finding,
        urgency: 'wrong',
        what: `the user of ${name} does not exist`,
        evidence: [line, `there is no account ${user} on this host`],
        why:
          'systemd ends the service before it has started (217/USER); pm2 startup writes User=undefined where ' +
          'neither USER nor LOGNAME is set.',
      };
  }
}
