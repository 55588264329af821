import { about, type Check, type Finding } from '../finding.ts';
import { daemonsHere, homeOf, isUndeclared, placementOf, savedNames } from '../placement.ts';
import { pm2In } from '../repair.ts';
import { listed, pm2As } from '../words.ts';

/** PD204, PD205, T26: what runs, and what would come back. */
export const savedLists: Check = {
  name: 'saved lists',
  find: (facts) => daemonsHere(facts).flatMap((daemon): Finding[] => {
    const { apps, failure, reachable, home, pid } = daemon;
    const saved = savedNames(homeOf(daemon, facts));
    if (failure !== null || !reachable || isUndeclared(daemon, facts)) return [];
    const running = apps.map(({ name }) => name);
    const kept = saved ?? [];
    // To save a stray would make it come back.
    const fresh = apps.filter((app) => placementOf(app, daemon, facts).type !== 'stray' && !kept.includes(app.name)).map(({ name }) => name);
    const lost = kept.filter((name) => !running.includes(name));
    const shared = { fix: null, trap: 'T26', subject: about({ home, pid, path: `${home}/dump.pm2` }) } as const;
    return [
      ...(fresh.length === 0 ? [] : [{
        ...shared,
        code: 'PD204', urgency: 'wrong' as const,
        what: `${listed(fresh)} would not come back after a reboot`,
        evidence: [saved === null ? `${home}/dump.pm2 does not exist, or is no list` : `${home}/dump.pm2 holds ${kept.length === 0 ? 'nothing' : listed(kept)}`, `the daemon there runs ${listed(running)}`],
        why: 'PM2 brings back what was saved, and nothing else.',
        repair: pm2In(daemon, facts, 'save'),
      }]),
      ...(lost.length === 0 ? [] : [{
        ...shared,
        code: 'PD205', urgency: 'wrong' as const,
        what: `${listed(lost)} is saved and not in the daemon: it would come back after a reboot`,
        evidence: [`${home}/dump.pm2 holds ${listed(kept)}`, `the daemon there has ${running.length === 0 ? 'nothing' : listed(running)}`],
        why: 'It was deleted without pm2 save, or the daemon started without pm2 resurrect. Where it was deleted on purpose, save instead.',
        repair: pm2In(daemon, facts, 'resurrect'),
      }]),
    ];
  }),
};

/** PD115: a daemon that the config declares, which has something to run and does not live. */
export const absentDaemon: Check = {
  name: 'absent daemon',
  find: ({ policy, daemons, homes }) => (policy?.daemons ?? []).flatMap((declared): Finding[] => {
    if (daemons.some((daemon) => daemon.declared?.name === declared.name)) return [];
    const names = savedNames(homes.find((one) => one.home === declared.home) ?? null) ?? [];
    if (names.length === 0) return [];
    return [{
      code: 'PD115', urgency: 'wrong', fix: null, trap: null, subject: about({ home: declared.home }),
      what: `the daemon ${declared.name} does not run, and has apps`,
      evidence: [`nobody listens in ${declared.home}`, `its saved list holds ${listed(names)}`],
      why: 'They are down until somebody starts them; the next pm2 command spawns an empty daemon.',
      repair: [pm2As(declared.user, declared.home, ['resurrect'])],
    }];
  }),
};
