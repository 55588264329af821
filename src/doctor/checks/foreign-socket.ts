import { about, type Check } from '../finding.ts';

/** PD101, T12: the socket was given to somebody whom the daemon is not. */
export const foreignSocket: Check = {
  name: 'foreign socket',
  find: ({ daemons }) => daemons.flatMap((daemon) => {
    const { socketFile, uid, pid, home, socket } = daemon;
    if (socketFile === null || uid === null || pid === null || socketFile.uid === uid) return [];
    const commander = socketFile.user;
    const victim = daemon.user ?? `uid ${uid}`;
    return [{
      code: 'PD101',
      urgency: 'urgent' as const,
      what: `${commander} commands a daemon that runs as ${victim}`,
      evidence: [`${socket} belongs to ${commander}`, `the daemon behind it, pid ${pid}, runs as ${victim}`],
      why: `Whoever may write to the socket can have the daemon run anything, as ${victim}: there is no other check.`,
      repair: [['sudo', 'chown', `${uid}:`, socket, `${home}/pub.sock`]],
      fix: null,
      trap: 'T12',
      subject: about({ home, pid, path: socket }),
    }];
  }),
};
