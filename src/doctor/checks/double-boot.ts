import { pm2HomeOfLine } from '../../host/boot/crontabs.ts';
import type { HostFacts } from '../../host/facts.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { bootsOf, pm2HomeAt, isSamePm2Home, type Boot } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { wordOf, type Word } from '../../trust/word.ts';
import { savedList } from '../placement.ts';
import { adoptFrom, lookFirst } from '../repair.ts';
import { listed } from '../words.ts';
import { isFormerBoot } from './former-boot.ts';

/** PD404, PD405, PD408: the same daemon or the same app starts twice at boot (T23, T28). */
export const doubleBoots: Check = {
  name: 'what starts twice at boot',
  find: (facts) => {
    const boots = bootsOf(facts).filter(({ enabled }) => enabled);
    return [
      ...boots.flatMap((boot, index) =>
        boots
          .slice(index + 1)
          .flatMap((other) =>
            isSamePm2Home(boot.pm2Home, other.pm2Home, facts)
              ? [samePm2Home(boot, other)]
              : sameApps(boot, other, facts),
          ),
      ),
      ...facts.boot.crontabs
        .filter(({ when, isUnclear }) => when === '@reboot' && !isUnclear)
        .flatMap((line) => {
          const pm2Home = pm2HomeOfLine(line);
          return boots
            .filter((boot) => isSamePm2Home(boot.pm2Home, pm2Home, facts))
            .map((boot): DoctorFinding => ({
              code: 'PD408',
              urgency: 'wrong',
              what: `${boot.name} and an @reboot line of cron both start the daemon in ${pm2Home}`,
              evidence: [`${line.file}:${line.line}: ${line.user} runs ${line.command}`, `${boot.file} is enabled`],
              why:
                'They race at boot: the second finds the socket taken or not yet there, and two daemons ' +
                'share a PM2_HOME.',
              repair: [['sudo', 'sed', '-i', `${line.line}s/^/# /`, line.file]],
              fix: null,
              trap: 'T28',
              subject: about({ home: pm2Home, path: line.file }),
            }));
        }),
    ];
  },
};

function samePm2Home(one: Boot, other: Boot): DoctorFinding {
  // A user's unit never makes root's unit go. Of two system units, the older one goes: the one of root, an init
  // script or rc.local; else the one that `pm2 startup` did not write.
  const users = [one, other].find(({ word }) => word.by === 'user');
  const goes = users === undefined ? isOlder(one, other) : users === other;
  const [keep, leave] = goes ? [one, other] : [other, one];
  return {
    code: 'PD404',
    urgency: 'wrong',
    what: `${one.name} and ${other.name} both start the daemon in ${one.pm2Home}`,
    evidence: [one, other].map(({ file, user }) => `${file}: as ${user}`),
    why:
      `They race at boot; what ${keep.name} does not win, systemd counts as failed, and its restart kills the ` +
      `other's apps.`,
    repair: leave.retire,
    fix: null,
    trap: 'T23',
    subject: about({ home: one.pm2Home, path: leave.file }),
  };
}

function isOlder(keep: Boot, other: Boot): boolean {
  const ofPm2 = ({ name }: Boot) => name.startsWith('pm2-');
  return other.user === 'root' || /^\/etc\/(init|rc)/.test(other.file) || (ofPm2(keep) && !ofPm2(other));
}

/** T23. Two apps of one name may be meant (T35): then the config says so, or the scripts differ. */
function sameApps(one: Boot, other: Boot, facts: HostFacts): DoctorFinding[] {
  if (isFormerBoot(one, facts) || isFormerBoot(other, facts)) return []; // PD406
  const [ours, theirs] = [savedIn(one, facts), savedIn(other, facts)];
  const shared = [
    ...new Set(
      ours
        .filter((app) => theirs.some((twin) => twin.name === app.name && twin.script === app.script))
        .map(({ name }) => name),
    ),
  ].filter((name) => !isMeant(name, [one, other], facts));
  if (shared.length === 0) return [];
  const owner = [one, other].find(({ pm2Home }) =>
    facts.policy?.daemons.some(
      (daemon) => daemon.pm2Home === pm2Home && owners(shared[0] ?? '', facts).includes(daemon.name),
    ),
  );
  const leave = owner === undefined ? null : owner === one ? other : one;
  const whose = {
    word: wordIn(leave, facts),
    speaker: leave?.user ?? 'its user',
    owner: owner === undefined ? null : (pm2HomeAt(owner.pm2Home, facts)?.owner?.uid ?? null),
  };
  return [
    {
      code: 'PD405',
      urgency: 'wrong',
      what: `${one.name} and ${other.name} both bring back ${listed(shared)}`,
      evidence: [one, other]
        .map((boot) => `${boot.file} is enabled: ${listOf(boot, facts)}, as ${boot.user}, has ${listed(shared)}`)
        .concat(leave === null ? [] : lookFirst(whose)),
      why: 'After the next reboot each runs twice: the second copy loops on EADDRINUSE, jobs and mails are sent twice.',
      repair:
        leave === null || (leave.word.by === 'root' && [one, other].some(({ word }) => word.by === 'user'))
          ? []
          : [
              adoptFrom({ from: leave.pm2Home, apps: shared, ...whose }),
              ...(savedIn(leave, facts).every(({ name }) => shared.includes(name)) ? leave.retire : []),
            ],
      fix: null,
      trap: 'T23',
      subject: about({ home: leave?.pm2Home ?? null, app: shared[0] ?? null, path: leave?.file ?? null }),
    },
  ];
}

function wordIn(boot: Boot | null, facts: HostFacts): Word {
  return wordOf((boot === null ? null : pm2HomeAt(boot.pm2Home, facts)?.owner?.uid) ?? NO_UID);
}

function listOf({ pm2Home }: Boot, facts: HostFacts): string {
  return `${pm2Home}/${savedList(pm2HomeAt(pm2Home, facts))?.file ?? 'dump.pm2'}`;
}

function savedIn({ pm2Home }: Boot, facts: HostFacts): { name: string; script: string | null }[] {
  return savedList(pm2HomeAt(pm2Home, facts))?.apps ?? [];
}

function isMeant(app: string, boots: readonly Boot[], facts: HostFacts): boolean {
  const names = owners(app, facts);
  return boots.every(
    ({ pm2Home }) =>
      facts.policy?.daemons.some((daemon) => daemon.pm2Home === pm2Home && names.includes(daemon.name)) === true,
  );
}

function owners(app: string, { policy }: HostFacts): string[] {
  return policy?.ownersOfName(app).map(({ daemon }) => daemon) ?? [];
}
