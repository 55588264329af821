import type { Pid } from '../../runtime/brands.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { fixIn, type Deed } from '../fix.ts';
import { distinctPm2Homes, occupancyOf } from '../occupancy.ts';
import { as, asOwnerOf, pathsIn } from '../words.ts';
import type { Pm2HomeFacts } from '../../host/homes/home-facts.ts';

/** PD301, PD302: files left behind by a killed daemon. */
export const staleFiles: Check = {
  name: 'stale sockets and pid files',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => {
      const { owner, pidFile, detour } = pm2HomeFacts;
      if (owner === null || detour !== null) return [];
      const who = occupancyOf(pm2HomeFacts, facts);
      switch (who.type) {
        case 'none':
          return [...sockets(pm2HomeFacts), ...deadPid(pm2HomeFacts)];
        case 'owner':
        case 'other': {
          const { pid, process, user } = who.daemon;
          // In another pid namespace the daemon has another pid.
          const isIt =
            pidFile === null ||
            pid === null ||
            pidFile.pid === pid ||
            (pidFile.pid !== null && process?.pids.includes(pidFile.pid) === true);
          return isIt || user === null ? [] : [wrongPid(pm2HomeFacts, pid, user)];
        }
        case 'unclear':
          return [];
      }
    }),
};

function sockets(facts: Pm2HomeFacts): DoctorFinding[] {
  const {
    pm2Home,
    owner,
    contents: { files },
    sockets: known,
  } = facts;
  const dead = files.filter(
    (file) => file.uid === owner?.uid && known.some(({ name, state }) => name === file.name && state === 'dead'),
  );
  if (owner === null || dead.length === 0) return [];
  const paths = pathsIn(pm2Home, dead);
  return [
    {
      code: 'PD301',
      urgency: 'untidy',
      what: `no process listens on the socket${dead.length > 1 ? 's' : ''} in ${pm2Home}`,
      evidence: paths.map((path) => `${path}: connecting is refused, and no process has it`),
      why:
        'The daemon of this PM2_HOME was killed, or the machine lost its power. What it ran has not run since, ' +
        'unless something else started it.',
      repair: asOwnerOf(facts, ['rm', ...paths]),
      fix: fixIn(
        facts,
        dead.map(({ name, dev, ino }): Deed => ({ type: 'remove socket', name, dev, ino })),
      ),
      trap: null,
      subject: about({ home: pm2Home, path: paths[0] ?? null }),
    },
  ];
}

function deadPid(facts: Pm2HomeFacts): DoctorFinding[] {
  const {
    pm2Home,
    owner,
    contents: { files },
    pidFile,
  } = facts;
  const file = files.find(({ name }) => name === 'pm2.pid');
  if (owner === null || pidFile === null || file?.uid !== owner.uid) return [];
  const path = `${pm2Home}/pm2.pid`;
  return [
    {
      code: 'PD302',
      urgency: 'untidy',
      what: `${path} names a process that is no daemon`,
      evidence: [
        pidFile.pid === null
          ? `${path} holds no number`
          : pidFile.command === null
            ? `there is no process ${pidFile.pid}`
            : `process ${pidFile.pid} is: ${pidFile.command}`,
      ],
      why:
        'systemd takes the process in PIDFile= for the service, and a script that ends the daemon by this number ' +
        'ends another process.',
      repair: asOwnerOf(facts, ['rm', path]),
      fix: fixIn(facts, [{ type: 'remove pid file', name: 'pm2.pid', dev: file.dev, ino: file.ino, pid: pidFile.pid }]),
      trap: null,
      subject: about({ home: pm2Home, path, pid: pidFile.pid }),
    },
  ];
}

function wrongPid({ pm2Home, pidFile, trusted }: Pm2HomeFacts, pid: Pid, user: string): DoctorFinding {
  const path = `${pm2Home}/pm2.pid`;
  return {
    code: 'PD302',
    urgency: 'untidy',
    what: `${path} does not name the daemon that lives there`,
    evidence: [`it says ${pidFile?.pid ?? 'nothing'}`, `the daemon is pid ${pid}`],
    why:
      'systemd takes the process in PIDFile= for the service: it would not notice when the daemon ends, and could ' +
      'not stop it.',
    repair: user === 'root' && !trusted ? [] : [as(user, ['sh', '-c', `echo ${pid} > "$1"`, 'sh', path])],
    fix: null,
    trap: null,
    subject: about({ home: pm2Home, path, pid }),
  };
}
