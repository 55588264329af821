import { CRON_PATH } from '../host/boot/crontabs.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { SHIMS } from './places.ts';
import { SERVICE_PATH, type PathProbe } from './ways.ts';

export interface Proposal {
  way: string;
  /** A command, or lines for a file. */
  text: string;
  into: string | null;
}

const PROPOSALS: Readonly<Record<string, () => Omit<Proposal, 'way'>>> = {
  'ssh, sh': sealing,
  'cron job': () => ({
    text: `PATH=${SHIMS}:/usr/local/bin:${CRON_PATH}`,
    into: 'the first line of each crontab that calls pm2',
  }),
  service: () => ({
    text: `[Manager]\nDefaultEnvironment=PATH=${SHIMS}:${SERVICE_PATH}`,
    into:
      '/etc/systemd/system.conf.d/pm2-guard.conf, then:  ' + commandLineHere(['sudo', 'systemctl', 'daemon-reexec']),
  }),
};

/** The PATHs of cron and systemd belong to the administrator: we propose, but never write them. */
export function proposalsFor(ways: readonly PathProbe[]): Proposal[] {
  return ways.flatMap(({ way, finds }) => {
    const proposal = PROPOSALS[way];
    return proposal === undefined || finds?.type !== 'other' ? [] : [{ way, ...proposal() }];
  });
}

/** Such a shell reads no startup file, and npm's own link comes first. */
function sealing(): Omit<Proposal, 'way'> {
  return { text: rootCommandLine('seal'), into: null };
}
