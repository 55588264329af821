import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, pm2HomeOf, savedNames } from '../placement.ts';
import { killableGhost } from '../killable.ts';
import { kill, pm2In } from '../repair.ts';

export const ghosts: Check = {
  name: 'ghosts',
  find: (facts) =>
    facts.ghosts.flatMap((ghost): DoctorFinding[] => {
      const { process, user, app, pm2Home, ports } = ghost;
      const daemon = daemonsHere(facts).find((one) => one.pm2Home === pm2Home);
      // A background process that an app started is younger than the daemon of that app.
      const spawned = daemon?.process?.started ?? null;
      if (spawned !== null && process.started !== null && process.started >= spawned) return [];
      const back =
        daemon?.reachable === true &&
        !daemon.apps.some(({ name }) => name === app) &&
        savedNames(pm2HomeOf(daemon, facts))?.includes(app) === true;
      return [
        {
          code: 'PD203',
          urgency: 'wrong',
          fix: null,
          trap: 'T31',
          subject: about({ home: pm2Home, app, pid: process.pid }),
          what: `${app} still runs, and its daemon is gone`,
          evidence: [
            `pid ${process.pid} (${process.command}) runs as ` +
              `${user ?? `uid ${process.uid}`}${ports.length > 0 ? `, on port ${ports.join(', ')}` : ''}`,
            `the daemon in ${pm2Home} started it, and ` +
              (daemon ? 'the one that lives there now did not' : 'none lives there now'),
          ],
          why: 'It is in no list, so that no pm2 command stops it, and the next pm2 start finds its port taken.',
          repair: [
            ...kill({ user, uid: process.uid }, killableGhost(ghost)),
            ...(daemon && back ? pm2In(daemon, facts, 'resurrect') : []),
          ],
        },
      ];
    }),
};
