import type { FindingCode } from '../codes.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Pm2HomeFacts } from '../../host/homes/home-facts.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { wordOf } from '../../trust/word.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { distinctPm2Homes, occupancyOf } from '../occupancy.ts';
import { adoptFrom, lookFirst } from '../repair.ts';
import { endCommands } from '../through-unit.ts';
import { listed } from '../words.ts';

/** PD307, PD308: where PM2 puts its PM2_HOME when HOME is missing or wrong (T15, T16). */
export const impossiblePm2Homes: Check = {
  name: 'PM2_HOMEs of daemons without HOME',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => {
      if (pm2HomeFacts.pm2Home === '/etc/.pm2')
        return [
          homeless(
            pm2HomeFacts,
            facts,
            'PD307',
            'HOME was not set',
            'Up to PM2 6 the service or script finds its apps here, and a user who logs in does not; PM2 7 looks in ' +
              "the user's home directory instead, and finds nothing.",
          ),
        ];
      if (pm2HomeFacts.pm2Home === '/.pm2')
        return [
          homeless(
            pm2HomeFacts,
            facts,
            'PD308',
            'HOME was /',
            'A user who logs in does not find the apps that live here. Only root could have made it.',
          ),
        ];
      return pm2HomeFacts.possible || !facts.asRoot || !isMeant(pm2HomeFacts, facts) ? [] : [impossible(pm2HomeFacts)];
    }),
};

function homeless(
  pm2HomeFacts: Pm2HomeFacts,
  facts: HostFacts,
  code: FindingCode,
  cause: string,
  why: string,
): DoctorFinding {
  const who = occupancyOf(pm2HomeFacts, facts);
  const daemon = who.type === 'owner' || who.type === 'other' ? who.daemon : null;
  const apps = [
    ...new Set(
      daemon?.apps.map(({ name }) => name) ?? pm2HomeFacts.saved.flatMap((list) => list.apps.map(({ name }) => name)),
    ),
  ];
  const whose = {
    word: wordOf(daemon?.uid ?? pm2HomeFacts.owner?.uid ?? NO_UID),
    owner: null,
    speaker: daemon?.user ?? pm2HomeFacts.owner?.name ?? 'its user',
  };
  const declared = facts.policy?.daemons.find(
    (one) =>
      one.pm2Home !== pm2HomeFacts.pm2Home &&
      apps.some((app) => facts.policy?.ownersOfName(app).some((rule) => rule.daemon === one.name)),
  );
  return {
    code,
    urgency: daemon === null && apps.length === 0 ? 'untidy' : 'wrong',
    what: `${pm2HomeFacts.pm2Home} is a PM2_HOME: pm2 ran where ${cause}`,
    evidence: [
      daemon === null
        ? 'no daemon lives there'
        : `the daemon of ${daemon.user ?? 'a user without an account'}, pid ${daemon.pid ?? '?'}, lives there`,
      ...(apps.length > 0 ? [`${daemon === null ? 'saved there:' : 'it runs'} ${listed(apps)}`] : []),
      ...(daemon !== null && apps.length > 0 ? lookFirst(whose) : []),
    ],
    why,
    // The apps have to move first. The next run of doctor finds the rest.
    repair:
      daemon !== null && apps.length > 0
        ? [adoptFrom({ from: pm2HomeFacts.pm2Home, apps, ...whose, ...(declared ? { to: declared.name } : {}) })]
        : [
            ...(daemon === null ? [] : endCommands(daemon, facts)),
            [
              'sudo',
              'mv',
              pm2HomeFacts.pm2Home,
              `/var/backups/pm2-home-without-owner${pm2HomeFacts.pm2Home.replaceAll('/', '-')}`,
            ],
          ],
    fix: null,
    trap: code === 'PD307' ? 'T15' : 'T16',
    subject: about({ home: pm2HomeFacts.pm2Home, pid: daemon?.pid ?? null }),
  };
}

/** Whether a unit or the config will start a daemon there. */
function isMeant({ pm2Home, unit }: Pm2HomeFacts, { policy }: HostFacts): boolean {
  return unit?.enabled === true || policy?.daemons.some((daemon) => daemon.pm2Home === pm2Home) === true;
}

function impossible({ pm2Home, owner, unit, anchored }: Pm2HomeFacts): DoctorFinding {
  const directory = pm2Home.replace(/\/[^/]+$/, '') || '/';
  return {
    code: 'PD308',
    urgency: 'wrong',
    what: `${pm2Home} cannot be made: ${directory} is not there`,
    evidence: [unit?.enabled ? `${unit.name} starts a daemon in it at boot` : 'the config declares it'],
    why: 'PM2 ends with EACCES or ENOENT before it has started anything.',
    repair: owner === null || !anchored ? [] : [['sudo', 'install', '-d', '-o', owner.name, directory]],
    fix: null,
    trap: 'T16',
    subject: about({ home: pm2Home, path: directory }),
  };
}
