import type { HostFacts } from '../../host/facts.ts';
import type { HomeOwner, Pm2HomeFacts } from '../../host/homes/home-facts.ts';
import type { SavedApp } from '../../host/homes/saved-list.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { wordOf } from '../../trust/word.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { distinctHomes } from '../occupancy.ts';
import { adoptFrom, isPlainTarget, lookFirst } from '../repair.ts';
import { as, listed, pm2As } from '../words.ts';

/** PD312, PD315: saved lists with paths of another PM2_HOME (T29) or another user (T14). */
export const strangeLists: Check = {
  name: 'saved lists of another home',
  find: (facts) =>
    distinctHomes(facts).flatMap((home) => {
      const { owner } = home;
      const apps = home.saved.find(({ file }) => file === 'dump.pm2')?.apps ?? [];
      if (owner === null) return [];
      const copied = apps.filter((app) => foreignPaths(app, home, facts).length > 0);
      const theirs = apps.filter(
        (app) => !copied.includes(app) && app.userHome !== null && isAnothers(app.userHome, home, facts),
      );
      return [
        ...(copied.length > 0 ? [copy(home, copied, facts)] : []),
        ...(theirs.length > 0 ? [borrowed(home, owner, theirs)] : []),
      ];
    }),
};

function foreignPaths(
  { home: saved, paths }: SavedApp,
  { home, physical }: Pm2HomeFacts,
  { homes }: HostFacts,
): string[] {
  const own = [home, physical ?? home];
  const others = homes
    .flatMap((other) => [other.home, other.physical ?? other.home])
    .filter((other) => !own.includes(other));
  // Logs may be anywhere but in another PM2_HOME.
  const strays = paths.filter(
    (path) =>
      others.some((other) => path.startsWith(`${other}/`)) ||
      (/\/\.pm2\/(pids|logs)\//.test(path) && !own.some((place) => path.startsWith(`${place}/`))),
  );
  return saved !== null && !own.includes(saved.replace(/\/+$/, '')) ? [saved, ...strays] : strays;
}

function copy({ home, owner }: Pm2HomeFacts, apps: readonly SavedApp[], facts: HostFacts): DoctorFinding {
  const path = `${home}/dump.pm2`;
  const own = facts.policy?.daemons.find((daemon) => daemon.home === home);
  const whose = { word: wordOf(owner?.uid ?? NO_UID), owner: own?.uid ?? null, speaker: owner?.name ?? 'its user' };
  const homeless = apps.some(({ name }) => facts.policy?.ownersOfName(name).length === 0);
  const places = facts.homes
    .filter((other) => other.home === home)
    .flatMap((own) => apps.flatMap((app) => foreignPaths(app, own, facts)));
  return {
    code: 'PD312',
    urgency: 'wrong',
    what: `${path} was made for another home`,
    evidence: [
      `apps: ${listed([...new Set(apps.map(({ name }) => name))])}`,
      `they would use: ${listed([...new Set(places)], 4)}`,
      ...lookFirst(whose),
    ],
    why: 'pm2 resurrect exits 0 and starts nothing, or writes into the other home.',
    repair: [adoptFrom({ from: home, apps: [], ...whose, ...(homeless && own ? { to: own.name } : {}) })],
    fix: null,
    trap: 'T29',
    subject: about({ home, path, app: apps[0]?.name ?? null }),
  };
}

function isAnothers(userHome: string, { owner }: Pm2HomeFacts, { homes }: HostFacts): boolean {
  return (
    userHome !== owner?.homeDirectory &&
    (userHome === '/root' ||
      homes.some(
        (other) =>
          other.owner?.evidence === 'passwd' &&
          other.owner.homeDirectory === userHome &&
          other.owner.uid !== owner?.uid,
      ))
  );
}

function borrowed(
  { home }: Pm2HomeFacts,
  owner: Pick<HomeOwner, 'name' | 'homeDirectory'>,
  apps: readonly SavedApp[],
): DoctorFinding {
  const names = [...new Set(apps.map(({ name }) => name))];
  return {
    code: 'PD315',
    urgency: 'untidy',
    what: `apps of ${owner.name} are to run with the HOME of another user`,
    evidence: apps.slice(0, 5).map((app) => `${app.name}: HOME=${app.userHome ?? ''}`),
    why:
      `They were started by another user with PM2_HOME=${home}: what reads ~/.config, or writes to ~/.npm, ` +
      'meets EACCES.',
    // A `--` would end the names here (docs/pm2-internals.md section 1.3), and an app can be called `--yes` or `all`.
    repair: !names.every(isPlainTarget)
      ? []
      : [
          as(owner.name, [
            'env',
            `HOME=${owner.homeDirectory}`,
            `PM2_HOME=${home}`,
            'pm2',
            'restart',
            ...names,
            '--update-env',
          ]),
          pm2As(owner.name, home, ['save']),
        ],
    fix: null,
    trap: 'T14',
    subject: about({ home, app: names[0] ?? null, path: `${home}/dump.pm2` }),
  };
}
