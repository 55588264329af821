import type { HostFacts } from '../facts.ts';
import { ownPrograms } from '../processes/own-programs.ts';
import type { FoundDaemon } from '../survey.ts';

/** The facts for a draft of the config, without a second survey. */
export function foundIn({ daemons, homes }: HostFacts): FoundDaemon[] {
  // As in survey.ts, the daemon's user must own its socket file.
  const here = daemons.filter(
    ({ elsewhere, reachable, socketFile, uid }) =>
      !elsewhere && reachable && (socketFile === null || uid === null || socketFile.uid === uid),
  );
  const down = homes.filter(
    ({ home, physical }) =>
      !here.some((daemon) => daemon.home === home || (physical !== null && daemon.physical === physical)),
  );
  return [
    ...here.map((daemon): FoundDaemon => ({
      user: daemon.user,
      home: daemon.home,
      live: daemon,
      failure: daemon.failure === null || daemon.failure.type === 'dead' ? null : daemon.failure.type,
      apps: daemon.apps,
      source: daemon.failure === null ? 'socket' : null,
      unit: homes.find(({ home }) => home === daemon.home)?.unit ?? null,
      ...ownPrograms(daemon.pid, daemon.pm2OnDisk === null ? null : `${daemon.pm2OnDisk.directory}/lib/Daemon.js`),
    })),
    ...down.map(({ user, home, unit, saved }): FoundDaemon => {
      const apps = saved.find(({ file }) => file === 'dump.pm2')?.apps ?? null;
      return {
        user,
        home,
        live: null,
        failure: null,
        apps: (apps ?? []).map(({ name, script }) => ({ name, namespace: null, script, cwd: null })),
        source: apps === null ? null : 'dump',
        unit,
      };
    }),
  ];
}
