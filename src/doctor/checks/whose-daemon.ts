import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { wordOf } from '../../trust/word.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, foreignOwner, pm2HomeOf, isUndeclared, placementOf } from '../placement.ts';
import { adoptFrom, lookFirst } from '../repair.ts';
import { emptyCommands, endCommands } from '../through-unit.ts';
import { chownIn, listed } from '../words.ts';

const DEPTH = ['-maxdepth', '1'];
/** With one name only: a hard link would lead to the socket of another daemon. */
const SOCKETS = '-type s -links 1 ( -name rpc.sock -o -name pub.sock )'.split(' ');

/** PD101, T12: another user owns the daemon's socket. */
export const foreignSocket: Check = {
  name: 'foreign socket',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { socketFile, uid, user, pid, pm2Home, socket } = daemon;
      if (socketFile === null || uid === null || pid === null || socketFile.uid === uid) return [];
      const victim = user ?? `uid ${uid}`;
      return [
        {
          code: 'PD101',
          urgency: 'urgent',
          what: `${socketFile.owner} commands a daemon that runs as ${victim}`,
          evidence: [`${socket} belongs to ${socketFile.owner}`, `the daemon behind it, pid ${pid}, runs as ${victim}`],
          why:
            `A user who may write to the socket can have the daemon run anything, as ${victim}: PM2 has no other ` +
            'check.',
          // The socket goes to the user of the daemon, because the daemon is in the wrong PM2_HOME (PD102).
          repair:
            pm2HomeOf(daemon, facts)?.anchored === true ? [chownIn(pm2Home, DEPTH, SOCKETS, `${user ?? uid}:`)] : [],
          fix: null,
          trap: 'T12',
          subject: about({ home: pm2Home, pid, path: socket }),
        },
      ];
    }),
};

export const foreignPm2HomeCheck: Check = {
  name: 'foreign PM2_HOME',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { uid, user, pid, pm2Home } = daemon;
      const owner = foreignOwner(daemon, facts);
      if (pid === null || owner === null) return [];
      const runner = user ?? `uid ${uid}`;
      const whose = { word: wordOf(uid ?? NO_UID), owner: null, speaker: runner };
      return [
        {
          code: 'PD102',
          urgency: uid === 0 ? 'urgent' : 'wrong',
          what: `a daemon of ${runner} runs in the PM2_HOME of ${owner.name}`,
          evidence: [
            `${pm2Home} is for the daemon of ${owner.name}: ${owner.why}`,
            `the daemon there, pid ${pid}, runs as ${runner}`,
            `it runs ${appsInWords(daemon)}`,
            ...(daemon.apps.length === 0 ? [] : lookFirst(whose)),
          ],
          why:
            uid === 0
              ? `${owner.name} gets "connect EACCES" instead of a daemon, ` +
                `and may write the files that root's daemon reads and runs.`
              : `${owner.name} gets "connect EACCES" instead of a daemon, ` +
                `and files that he cannot write are left behind.`,
          // No app names: the PM2_HOME is another user's, so all of them move.
          repair:
            daemon.apps.length === 0
              ? endCommands(daemon, facts)
              : facts.policy === null
                ? []
                : [adoptFrom({ from: pm2Home, apps: [], ...whose })],
          fix: null,
          trap: 'T11',
          subject: about({ home: pm2Home, pid }),
        },
      ];
    }),
};

/** PD105, PD106: a daemon that the config does not declare. */
export const undeclaredDaemon: Check = {
  name: 'undeclared daemon',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { user, uid, pid, pm2Home, apps } = daemon;
      if (!isUndeclared(daemon, facts) || foreignOwner(daemon, facts) !== null || pid === null) return []; // PD102
      const runner = user ?? `uid ${uid ?? ''}`;
      const subject = about({ home: pm2Home, pid });
      if (apps.length === 0 && daemon.modules.length === 0 && daemon.failure === null && daemon.reachable) {
        return [
          {
            code: 'PD106',
            urgency: 'untidy',
            subject,
            fix: null,
            trap: null,
            what: `a daemon of ${runner} that no config declares runs nothing`,
            evidence: [`${pm2Home}, pid ${pid}`, 'any pm2 command that was typed there spawned it, even pm2 list'],
            why: 'The next pm2 start that finds it makes a stray.',
            repair: endCommands(daemon, facts),
          },
        ];
      }
      const strays = apps.filter((app) => placementOf(app, daemon, facts).type === 'stray');
      const unknown = apps.filter((app) => !strays.includes(app));
      return [
        {
          code: 'PD105',
          urgency: 'wrong',
          subject,
          fix: null,
          trap: daemon.uid === 0 ? 'T01' : 'T02',
          what: `no config declares the daemon of ${runner} in ${pm2Home}`,
          evidence: [
            `pid ${pid}, runs ${appsInWords(daemon)}`,
            ...(strays.length > 0 ? [`the config puts ${listed(strays.map(({ name }) => name))} elsewhere`] : []),
            ...(unknown.length > 0
              ? [`the config names neither it nor ${listed(unknown.map(({ name }) => name))}`]
              : []),
          ],
          why:
            'A look into the declared daemons does not show what runs there; a deploy starts a second copy ' +
            'beside it.',
          repair: emptyCommands(daemon, facts),
        },
      ];
    }),
};

function appsInWords({ apps, failure }: DaemonFacts): string {
  if (apps.length > 0) return listed(apps.map(({ name }) => name));
  return failure === null ? 'nothing' : 'what it does not tell';
}
