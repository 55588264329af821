import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, homeOf, savedNames } from '../placement.ts';
import { killableGhost } from '../killable.ts';
import { kill, pm2In } from '../repair.ts';

export const ghosts: Check = {
  name: 'ghosts',
  find: (facts) =>
    facts.ghosts.flatMap((ghost): DoctorFinding[] => {
      const { process, user, app, home, ports } = ghost;
      const daemon = daemonsHere(facts).find((one) => one.home === home);
      // A background process that an app started is younger than the daemon of that app.
      const spawned = daemon?.process?.started ?? null;
      if (spawned !== null && process.started !== null && process.started >= spawned) return [];
      const back =
        daemon?.reachable === true &&
        !daemon.apps.some(({ name }) => name === app) &&
        savedNames(homeOf(daemon, facts))?.includes(app) === true;
      return [
        {
          code: 'PD203',
          urgency: 'wrong',
          fix: null,
          trap: 'T31',
          subject: about({ home, app, pid: process.pid }),
          what: `${app} still runs, and its daemon is gone`,
          evidence: [
            `pid ${process.pid} (${process.command}) runs as ` +
              `${user ?? `uid ${process.uid}`}${ports.length > 0 ? `, on port ${ports.join(', ')}` : ''}`,
            `the daemon in ${home} started it, and ` +
              (daemon ? 'the one that lives there now did not' : 'none lives there now'),
          ],
          why: 'It is in no list, so that no pm2 command stops it, and the next pm2 start finds its port taken.',
          repair: [...kill(killableGhost(ghost)), ...(daemon && back ? pm2In(daemon, facts, 'resurrect') : [])],
        },
      ];
    }),
};
