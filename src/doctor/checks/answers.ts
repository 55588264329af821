import { about, type Check, type DoctorFinding } from '../finding.ts';
import { killableDaemon } from '../killable.ts';
import { daemonsHere } from '../placement.ts';
import { kill } from '../repair.ts';

/** PD107: a daemon that does not answer, or that answers with false data. */
export const answers: Check = {
  name: 'answers',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { failure, process, pid, pm2Home, user } = daemon;
      const shared = {
        code: 'PD107',
        urgency: 'wrong',
        fix: null,
        trap: null,
        subject: about({ home: pm2Home, pid }),
      } as const;
      const whose = `the daemon of ${user ?? 'an unknown user'} in ${pm2Home}`;
      if (failure?.type === 'silent' || failure?.type === 'nonsense') {
        const stopped = process?.state === 'T';
        return [
          {
            ...shared,
            what: `${whose} does not answer`,
            evidence: [
              failure.type === 'silent' ? 'it took the call, and said nothing for 5 s' : failure.why,
              ...(stopped ? [`pid ${pid ?? ''} is stopped (SIGSTOP)`] : []),
            ],
            why: 'Every pm2 command for it hangs, and no app of its comes back when it crashes.',
            repair: stopped ? kill(daemon, killableDaemon(daemon), 'CONT') : [],
          },
        ];
      }
      const untrue = daemon.apps.filter((app) => app.untrue);
      return untrue.length === 0
        ? []
        : [
            {
              ...shared,
              what: `${whose} lists what is not its own`,
              evidence: untrue.map(
                ({ name, status, pid: claimed }) =>
                  `${name} is ${status ?? 'there'} as pid ${claimed ?? ''}, it says, and that is no child of pid ` +
                  `${pid ?? ''}`,
              ),
              why: 'PM2 starts every app as its own child. This daemon was tampered with, or is none.',
              repair: [],
            },
          ];
    }),
};
