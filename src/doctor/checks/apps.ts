import type { AppFacts } from '../../host/daemons/app-facts.ts';
import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import { CONFIG_PLACES } from '../../policy/places.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { wordOf } from '../../trust/word.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, pm2HomeOf, placementOf, savedNames } from '../placement.ts';
import { adoptFrom, lookFirst, pm2In, targetsOf } from '../repair.ts';
import { rootCommand } from '../../terminal/root-command.ts';

interface AppOfDaemon {
  daemon: DaemonFacts;
  name: string;
  processes: [AppFacts, ...AppFacts[]];
}

function appsOfDaemons(facts: HostFacts): AppOfDaemon[] {
  return daemonsHere(facts).flatMap((daemon) => {
    const byName = new Map<string, AppOfDaemon['processes']>();
    for (const app of daemon.apps)
      byName.set(app.name, [...(byName.get(app.name) ?? []), app] as AppOfDaemon['processes']);
    return [...byName].map(([name, processes]) => ({ daemon, name, processes }));
  });
}

/** PD201, PD202; T01, T02, T32: an app in another daemon than the config says, alone or beside a right copy. */
export const strayApps: Check = {
  name: 'stray apps',
  find: (facts) => {
    const all = appsOfDaemons(facts);
    return all.flatMap((one): DoctorFinding[] => {
      const placement = placementOf(one.processes[0], one.daemon, facts);
      if (placement.type !== 'stray') return [];
      const {
        owners: [owner],
        rule,
      } = placement;
      const right = all.find(
        ({ name, daemon, processes: [app] }) =>
          name === one.name && daemon !== one.daemon && placementOf(app, daemon, facts).type === 'home',
      );
      const place = `${facts.policy?.file ?? 'the config'}:${rule.line}`;
      const says = `${place} puts it into ${owner.name}: user ${owner.user}, PM2_HOME ${owner.pm2Home}`;
      const whose = {
        word: wordOf(one.daemon.uid ?? NO_UID),
        owner: owner.uid,
        speaker: one.daemon.user ?? 'its user',
      };
      if (right) return [twice(one, right, [says], facts)];
      return [
        {
          ...subjectOf(one),
          code: 'PD201',
          urgency: 'wrong',
          fix: null,
          trap: one.daemon.uid === 0 ? 'T01' : 'T02',
          what: `${one.name} lives in the wrong daemon: ${inWords(one.daemon)}`,
          evidence: [says, seen(one), ...lookFirst(whose)],
          why:
            `pm2 restart ${one.name}, typed for ${owner.name}, answers "Process or Namespace ${one.name} not ` +
            'found" while the app is up.',
          repair: [adoptFrom({ from: one.daemon.pm2Home, apps: [one.name], ...whose })],
        },
      ];
    });
  },
};

/** PD202 without the config: one name, script and directory in two daemons. Two directories are allowed (T35). */
export const twins: Check = {
  name: 'apps in two daemons',
  find: (facts) => {
    const seen = new Map<string, AppOfDaemon>();
    return appsOfDaemons(facts).flatMap((one): DoctorFinding[] => {
      const [{ script, cwd }] = one.processes;
      const key = JSON.stringify([one.name, script, cwd]);
      const first = seen.get(key);
      if (!first) seen.set(key, one);
      if (!first || first.daemon.pm2Home === one.daemon.pm2Home) return [];
      const places = [first, one].map(({ processes: [app], daemon }) => placementOf(app, daemon, facts));
      const settled =
        places.some(({ type }) => type === 'stray') ||
        places.every((place) => place.type === 'home' && place.rule !== null);
      if (settled) return [];
      // Only the config could say which of them is the copy.
      const next =
        facts.policy === null ? rootCommand('init', '--output', CONFIG_PLACES[0]) : ['sudoedit', facts.policy.file];
      return [{ ...twice(one, first, [], facts), repair: [next] }];
    });
  },
};

function twice(copy: AppOfDaemon, right: AppOfDaemon, says: string[], facts: HostFacts): DoctorFinding {
  const targets = targetsOf(copy.name, copy.processes, copy.daemon);
  return {
    ...subjectOf(copy),
    code: 'PD202',
    urgency: 'urgent',
    fix: null,
    trap: 'T32',
    what: `${copy.name} runs in two daemons: ${inWords(right.daemon)}, and ${inWords(copy.daemon)}`,
    evidence: [...says, seen(right), seen(copy)],
    why:
      'Both start it again whenever it ends: EADDRINUSE in a loop where it has a port, every job and mail twice ' +
      'where it has none.',
    // The saved list would bring the copy back. PM2 saves an empty list only with --force.
    repair:
      targets === null
        ? []
        : [
            ...pm2In(copy.daemon, facts, 'delete', ...targets),
            ...(savedNames(pm2HomeOf(copy.daemon, facts)) === null ? [] : pm2In(copy.daemon, facts, 'save', '--force')),
          ],
  };
}

/** PD206, T38: the user column of pm2 list is what the client said about itself. */
export const usernames: Check = {
  name: 'user column',
  find: (facts) =>
    appsOfDaemons(facts).flatMap((one): DoctorFinding[] => {
      const wrong = one.processes.find(({ username, user }) => username !== null && user !== null && username !== user);
      if (!wrong) return [];
      return [
        {
          ...subjectOf(one),
          code: 'PD206',
          urgency: 'untidy',
          fix: null,
          trap: 'T38',
          what: `pm2 list says that ${one.name} runs as ${wrong.username ?? ''}, and it runs as ${wrong.user ?? ''}`,
          evidence: [
            `pid ${wrong.process?.pid ?? ''} has uid ${wrong.process?.uid ?? ''}, says the kernel`,
            `${wrong.username ?? ''} is who typed pm2 start: the client fills that in`,
          ],
          why: 'pm2 list does not show which user an app runs as.',
          repair: [],
        },
      ];
    }),
};

/** PD207: PM2 calls an app online after a failed spawn, and does not retry (God/ForkMode.js only logs the error). */
export const neverSpawned: Check = {
  name: 'online without a process',
  find: (facts) =>
    appsOfDaemons(facts).flatMap((one): DoctorFinding[] => {
      const nothing = one.processes.filter(
        ({ status, pid, process }) => status === 'online' && !pid && process === null,
      );
      if (nothing.length === 0) return [];
      return [
        {
          ...subjectOf(one),
          code: 'PD207',
          urgency: 'wrong',
          fix: null,
          trap: null,
          what: `pm2 list says that ${one.name} is online, and nothing runs`,
          evidence: [
            `${inWords(one.daemon)}: ` +
              (nothing.length === 1 ? 'it has no pid' : `${nothing.length} of them have no pid`),
            ...nothing
              .slice(0, 1)
              .map(
                ({ cwd, script }) => `its working directory is ${cwd ?? 'unknown'}, its script ${script ?? 'unknown'}`,
              ),
            `${one.daemon.pm2Home}/pm2.log tells why it could not be spawned`,
          ],
          why:
            'Mostly its user may not enter the working directory that root started it from, or its interpreter is ' +
            'gone. It is down, and no message says so.',
          repair: [],
        },
      ];
    }),
};

function subjectOf({ daemon, name, processes: [app] }: AppOfDaemon): Pick<DoctorFinding, 'subject'> {
  return { subject: about({ home: daemon.pm2Home, app: name, pid: app.process?.pid ?? null }) };
}

function inWords({ user, pm2Home }: DaemonFacts): string {
  return `${user ?? 'an unknown user'} in ${pm2Home}`;
}

function seen({ daemon, processes }: AppOfDaemon): string {
  const states = processes.map(
    ({ status, process }) => `${status ?? 'running'}${process === null ? '' : `, pid ${process.pid}`}`,
  );
  return `${inWords(daemon)}: ${states.join('; ')}`;
}
