import type { Pm2Home } from '../../runtime/brands.ts';
import { pm2HomeOfLine, type CronLine } from '../../host/boot/crontabs.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Policy } from '../../policy/policy.ts';
import { allUnits, pm2HomeAt, isSamePm2Home, bootsOf } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { hasSavedList } from '../placement.ts';
import { listed } from '../words.ts';
import { isFormerBoot } from './former-boot.ts';
import { disagreementOf } from './unit-home.ts';

/** Directories whose pm2 is the guard. */
const GUARDED = ['/usr/local/lib/pm2-guard/bin', '/usr/local/bin'];

/** PD409: units and crontabs that run an undeclared daemon (T05). */
export const undeclaredBoots: Check = {
  name: 'units and crontabs of strays',
  find: (facts) => {
    const { policy } = facts;
    if (policy === null) return [];
    return [
      ...bootsOf(facts)
        .filter(
          (boot) =>
            boot.enabled &&
            !isDeclared(boot.pm2Home, policy, facts) &&
            !policy.exempt.includes(boot.user) &&
            !isFormerBoot(boot, facts),
        )
        .filter(
          ({ file }) => !allUnits(facts).some((unit) => unit.file === file && disagreementOf(unit, facts) !== null),
        )
        .map((boot): DoctorFinding => ({
          code: 'PD409',
          urgency: 'wrong',
          what: `${boot.name} starts a daemon that the config does not declare`,
          evidence: [
            `${boot.file} is enabled: ${boot.user} in ${boot.pm2Home}`,
            `${policy.file} declares ${listed(
              policy.daemons.map(({ user, pm2Home }) => `${user} in ${pm2Home}`),
              4,
            )}`,
          ],
          why:
            'A reboot brings it back, whatever was repaired before. ' +
            (isSaved(boot.pm2Home, facts)
              ? 'Move its apps to their daemon with pm2-guard adopt, or declare it.'
              : 'Declare it, or take it away.'),
          repair: boot.retire,
          fix: null,
          trap: 'T23',
          subject: about({ home: boot.pm2Home, path: boot.file }),
        })),
      ...facts.boot.crontabs
        .filter(
          (line) =>
            !line.isUnclear &&
            !isDeclared(pm2HomeOfLine(line), policy, facts) &&
            !policy.exempt.includes(line.user) &&
            !isGuarded(line),
        )
        .map((line) => stray(line, policy)),
    ];
  },
};

function isSaved(pm2Home: Pm2Home, facts: HostFacts): boolean {
  const found = pm2HomeAt(pm2Home, facts);
  return found !== undefined && hasSavedList(found);
}

function isDeclared(pm2Home: Pm2Home, policy: Policy, facts: HostFacts): boolean {
  return policy.daemons.some((daemon) => isSamePm2Home(daemon.pm2Home, pm2Home, facts));
}

function isGuarded({ path, command }: CronLine): boolean {
  const named = [...command.matchAll(/(?:^|[\s;&|("'`])((?:\/[^\s;&|"'`]*\/)?)pm2(?=$|[\s;&|)"'`])/g)].map(
    ([, directory = '']) => directory.replace(/\/$/, ''),
  );
  const first = path.split(':').find((directory) => [...GUARDED, '/usr/bin', '/bin'].includes(directory)) ?? '';
  return named.every((directory) => GUARDED.includes(directory === '' ? first : directory));
}

/** For sed: the characters around a word of a shell command, and the directory that stands before `pm2`. */
const BEFORE = '\\(^\\|[[:space:];&|(]\\)';
const DIRECTORY = '\\(/[^[:space:];&|]*/\\)\\?';
const AFTER = '\\([[:space:];&|)]\\|$\\)';

function stray(line: CronLine, { file, daemons }: Policy): DoctorFinding {
  const pm2Home = pm2HomeOfLine(line);
  return {
    code: 'PD409',
    urgency: 'wrong',
    what: `a crontab of ${line.user} calls pm2 past the guard, for a daemon that the config does not declare`,
    evidence: [
      `${line.file}:${line.line}: ${line.command}`,
      `cron's PATH is ${line.path}; the daemon would be ${line.user}'s in ${pm2Home}`,
      `${file} declares ${listed(
        daemons.map(({ user, pm2Home: declared }) => `${user} in ${declared}`),
        4,
      )}`,
    ],
    why: 'A watchdog that finds nothing to restart starts a second copy: each incident makes one.',
    repair: [
      [
        'sudo',
        'sed',
        '-i',
        `${line.line}s#${BEFORE}${DIRECTORY}pm2${AFTER}#\\1/usr/local/lib/pm2-guard/bin/pm2\\3#g`,
        line.file,
      ],
    ],
    fix: null,
    trap: 'T05',
    subject: about({ home: pm2Home, path: line.file }),
  };
}
