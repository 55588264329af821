import type { HostFacts } from '../../host/facts.ts';
import type { Pm2HomeOwner, Pm2HomeFacts } from '../../host/homes/home-facts.ts';
import type { SavedApp } from '../../host/homes/saved-list.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { wordOf } from '../../trust/word.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { distinctPm2Homes } from '../occupancy.ts';
import { savedList } from '../placement.ts';
import { adoptFrom, isPlainTarget, lookFirst } from '../repair.ts';
import { as, listed, pm2As } from '../words.ts';

/** PD312, PD315: saved lists with paths of another PM2_HOME (T29) or another user (T14). */
export const strangeLists: Check = {
  name: 'saved lists of another PM2_HOME',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => {
      const { owner } = pm2HomeFacts;
      const apps = savedList(pm2HomeFacts)?.apps ?? [];
      if (owner === null) return [];
      const foreignPaths = foreignPathsIn(pm2HomeFacts, facts);
      const copied = apps.filter((app) => foreignPaths(app).length > 0);
      const theirs = apps.filter(
        (app) =>
          !copied.includes(app) && app.homeDirectory !== null && isAnothers(app.homeDirectory, pm2HomeFacts, facts),
      );
      return [
        ...(copied.length > 0 ? [copiedList(pm2HomeFacts, copied, facts)] : []),
        ...(theirs.length > 0 ? [borrowed(pm2HomeFacts, owner, theirs)] : []),
      ];
    }),
};

/** Returns what finds the paths of an app that lead out of this PM2_HOME into another one. */
function foreignPathsIn({ pm2Home, physical }: Pm2HomeFacts, { pm2Homes }: HostFacts): (app: SavedApp) => string[] {
  const own = [pm2Home, physical ?? pm2Home];
  const inside = (places: readonly string[]) => places.map((place) => `${place}/`);
  const ours = inside(own);
  const others = inside(
    pm2Homes
      .flatMap((other) => [other.pm2Home, other.physical ?? other.pm2Home])
      .filter((other) => !own.includes(other)),
  );
  const startsIn = (path: string, places: readonly string[]) => places.some((place) => path.startsWith(place));
  return ({ pm2Home: saved, paths }) => {
    // Logs may be anywhere but in another PM2_HOME.
    const strays = paths.filter(
      (path) => startsIn(path, others) || (/\/\.pm2\/(pids|logs)\//.test(path) && !startsIn(path, ours)),
    );
    return saved !== null && !own.includes(saved.replace(/\/+$/, '')) ? [saved, ...strays] : strays;
  };
}

function copiedList(pm2HomeFacts: Pm2HomeFacts, apps: readonly SavedApp[], facts: HostFacts): DoctorFinding {
  const { pm2Home, owner } = pm2HomeFacts;
  const path = `${pm2Home}/${savedList(pm2HomeFacts)?.file ?? 'dump.pm2'}`;
  const own = facts.policy?.daemons.find((daemon) => daemon.pm2Home === pm2Home);
  const whose = { word: wordOf(owner?.uid ?? NO_UID), owner: own?.uid ?? null, speaker: owner?.name ?? 'its user' };
  const unnamed = apps.some(({ name }) => facts.policy?.ownersOfName(name).length === 0);
  const places = facts.pm2Homes
    .filter((other) => other.pm2Home === pm2Home)
    .flatMap((own) => apps.flatMap(foreignPathsIn(own, facts)));
  return {
    code: 'PD312',
    urgency: 'wrong',
    what: `${path} was made for another PM2_HOME`,
    evidence: [
      `apps: ${listed([...new Set(apps.map(({ name }) => name))])}`,
      `they would use: ${listed([...new Set(places)], 4)}`,
      ...lookFirst(whose),
    ],
    why: 'pm2 resurrect exits 0 and starts nothing, or writes into the other PM2_HOME.',
    repair: [adoptFrom({ from: pm2Home, apps: [], ...whose, ...(unnamed && own ? { to: own.name } : {}) })],
    fix: null,
    trap: 'T29',
    subject: about({ home: pm2Home, path, app: apps[0]?.name ?? null }),
  };
}

function isAnothers(homeDirectory: string, { owner }: Pm2HomeFacts, { pm2Homes }: HostFacts): boolean {
  return (
    homeDirectory !== owner?.homeDirectory &&
    (homeDirectory === '/root' ||
      pm2Homes.some(
        (other) =>
          (other.owner?.evidence === 'passwd' || other.owner?.evidence === 'config') &&
          other.owner.homeDirectory === homeDirectory &&
          other.owner.uid !== owner?.uid,
      ))
  );
}

function borrowed(
  { pm2Home }: Pm2HomeFacts,
  owner: Pick<Pm2HomeOwner, 'name' | 'homeDirectory'>,
  apps: readonly SavedApp[],
): DoctorFinding {
  const names = [...new Set(apps.map(({ name }) => name))];
  return {
    code: 'PD315',
    urgency: 'untidy',
    what: `apps of ${owner.name} are to run with the HOME of another user`,
    evidence: apps.slice(0, 5).map((app) => `${app.name}: HOME=${app.homeDirectory ?? ''}`),
    why:
      `They were started by another user with PM2_HOME=${pm2Home}: what reads ~/.config, or writes to ~/.npm, ` +
      'meets EACCES.',
    // A `--` would end the names here (docs/pm2-internals.md section 1.3), and an app can be called `--yes` or `all`.
    repair: !names.every(isPlainTarget)
      ? []
      : [
          as(owner.name, [
            'env',
            `HOME=${owner.homeDirectory}`,
            `PM2_HOME=${pm2Home}`,
            'pm2',
            'restart',
            ...names,
            '--update-env',
          ]),
          pm2As(owner.name, pm2Home, ['save']),
        ],
    fix: null,
    trap: 'T14',
    subject: about({ home: pm2Home, app: names[0] ?? null, path: `${pm2Home}/dump.pm2` }),
  };
}
