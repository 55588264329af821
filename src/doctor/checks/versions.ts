import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, declaredAs } from '../placement.ts';
import type { CommandWords } from '../repair.ts';
import { renewCommands, runningUnit, unitOfDaemon } from '../through-unit.ts';
import { startupFor } from '../unit-words.ts';

/** PD112, T10: the client or boot unit is another PM2 version than the daemon ("In-memory PM2 is out-of-date"). */
export const pm2Versions: Check = {
  name: 'versions of PM2',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { pm2, pm2Home, pid } = daemon;
      if (pm2 === null) return [];
      const others = otherPm2s(daemon, facts).filter(({ version }) => version !== pm2);
      if (others.length === 0) return [];
      return [
        {
          code: 'PD112',
          urgency: 'wrong',
          fix: null,
          trap: 'T10',
          subject: about({ home: pm2Home, pid }),
          what:
            `the daemon of ${daemon.user ?? 'a user without an account'} in ${pm2Home} is PM2 ${pm2}, and not ` +
            (others[0]?.version ?? ''),
          evidence: [
            `pid ${pid ?? ''} is PM2 ` +
              `${pm2}${daemon.pm2OnDisk === null ? '' : `, started from ${daemon.pm2OnDisk.directory}`}`,
            ...others.map(({ what, version }) => `${what} is ${version}`),
          ],
          why: 'pm2 says "In-memory PM2 is out-of-date", and a command of one version is carried out by another.',
          repair: renewCommands(daemon, facts, withNewProgram(daemon, facts)),
        },
      ];
    }),
};

/** A unit that would start the old PM2 again is rewritten with the current one. */
function withNewProgram(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const unit = runningUnit(daemon, facts);
  const own = declaredAs(daemon);
  const starts = facts.copies.find(({ of, file }) => of === 'pm2' && file === unit?.program)?.version;
  return unit === null || unit.manager !== null || own === null || starts !== daemon.pm2
    ? []
    : [startupFor(own, facts)];
}

function otherPm2s(daemon: DaemonFacts, facts: HostFacts): { what: string; version: string }[] {
  const { pm2OnDisk, declared } = daemon;
  const unit = unitOfDaemon(daemon, facts);
  const copy = (what: string, file: string | null) =>
    facts.copies
      .filter((one) => one.of === 'pm2' && one.file === file && one.version !== null)
      .map(({ version }) => ({ what: `${what} (${file ?? ''})`, version: version ?? '' }));
  return [
    ...(pm2OnDisk === null ? [] : [{ what: 'what lies there now', version: pm2OnDisk.version }]),
    ...(unit?.enabled === true ? copy(`the pm2 of ${unit.name}`, unit.program) : []),
    ...(declared?.pm2 != null
      ? copy(`the pm2 that ${facts.policy?.file ?? 'the config'} pins`, declared.pm2)
      : facts.commandLine === null
        ? []
        : [{ what: `the pm2 of the command line (${facts.commandLine.bin})`, version: facts.commandLine.version }]),
  ];
}

/** PD113: a daemon whose node was replaced, or differs from the node of its unit or of the config. */
export const nodes: Check = {
  name: 'versions of node',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { process, pm2Home, pid, node, declared } = daemon;
      if (process?.exe == null) return [];
      const [, exe = process.exe, deleted] = /^(.*?)( \(deleted\))?$/s.exec(process.exe) ?? [];
      const unit = unitOfDaemon(daemon, facts);
      const differs = (file: string | null | undefined) =>
        file != null &&
        file !== exe &&
        (node === null || facts.copies.find((copy) => copy.file === file)?.version !== node);
      const others = [
        ...(unit?.enabled === true && differs(unit.node)
          ? [`${unit.name} would start it with ${unit.node ?? ''}`]
          : []),
        ...(differs(declared?.node) ? [`${facts.policy?.file ?? 'the config'} pins ${declared?.node ?? ''}`] : []),
      ];
      if (deleted === undefined && others.length === 0) return [];
      const version = node === null ? '' : `, node ${node}`;
      return [
        {
          code: 'PD113',
          urgency: deleted === undefined ? 'untidy' : 'wrong',
          fix: null,
          trap: null,
          subject: about({ home: pm2Home, pid, path: exe }),
          what:
            deleted === undefined
              ? `the daemon of ${daemon.user ?? 'a user without an account'} in ${pm2Home} runs another node than it ` +
                'should'
              : `the node of the daemon of ${daemon.user ?? 'a user without an account'} in ${pm2Home} was replaced ` +
                'under it',
          evidence: [
            `pid ${pid ?? ''} runs ${exe}${version}${deleted === undefined ? '' : ', and that file is no more'}`,
            ...others,
          ],
          why: 'Its apps in cluster mode run by that path: what starts next is another node than what runs, or none.',
          repair: renewCommands(daemon, facts),
        },
      ];
    }),
};
