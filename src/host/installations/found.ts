import type { HostFacts } from '../facts.ts';
import { ownPrograms } from '../processes/own-programs.ts';
import type { FoundDaemon } from '../survey.ts';

/** The facts for a draft of the config, without a second survey. */
export function foundIn({ daemons, pm2Homes }: HostFacts): FoundDaemon[] {
  // As in survey.ts, the daemon's user must own its socket file.
  const here = daemons.filter(
    ({ elsewhere, reachable, socketFile, uid }) =>
      !elsewhere && reachable && (socketFile === null || uid === null || socketFile.uid === uid),
  );
  const down = pm2Homes.filter(
    ({ pm2Home, physical }) =>
      !here.some((daemon) => daemon.pm2Home === pm2Home || (physical !== null && daemon.physical === physical)),
  );
  return [
    ...here.map((daemon): FoundDaemon => ({
      user: daemon.user,
      pm2Home: daemon.pm2Home,
      live: daemon,
      failure: daemon.failure === null || daemon.failure.type === 'dead' ? null : daemon.failure.type,
      apps: daemon.apps,
      source: daemon.failure === null ? 'socket' : null,
      unit: pm2Homes.find(({ pm2Home }) => pm2Home === daemon.pm2Home)?.unit ?? null,
      ...ownPrograms(daemon.pid, daemon.pm2OnDisk === null ? null : `${daemon.pm2OnDisk.directory}/lib/Daemon.js`),
    })),
    ...down.map(({ user, pm2Home, unit, saved }): FoundDaemon => {
      const apps = saved.find(({ file }) => file === 'dump.pm2')?.apps ?? null;
      return {
        user,
        pm2Home,
        live: null,
        failure: null,
        apps: (apps ?? []).map(({ name, script }) => ({ name, namespace: null, script, cwd: null })),
        source: apps === null ? null : 'dump',
        unit,
      };
    }),
  ];
}
