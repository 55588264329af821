import { about, type Check, type Finding } from '../finding.ts';
import { daemonsHere, homeOf } from '../placement.ts';
import { pm2In } from '../repair.ts';

/** PD111: the unit that starts it at boot does not have it. Only where systemd runs the host. */
export const outsideUnit: Check = {
  name: 'outside its unit',
  find: (facts) => daemonsHere(facts).flatMap((daemon): Finding[] => {
    const { process, home, pid, reachable } = daemon;
    const unit = homeOf(daemon, facts)?.unit ?? null;
    const state = unit === null || unit.manager !== null ? undefined : facts.boot.systemd.states?.get(unit.name);
    if (!unit?.enabled || state === undefined || process === null || !reachable) return [];
    if (process.cgroups.some((path) => path.split('/').includes(unit.name))) return [];
    return [{
      code: 'PD111', urgency: 'wrong', fix: null, trap: null, subject: about({ home, pid, path: unit.file }),
      what: `the daemon of ${daemon.user ?? 'a user without an account'} in ${home} is not ${unit.name}'s`,
      evidence: [`pid ${pid ?? ''} is in the control group ${process.cgroups.join(', ') || '/'}`, `systemd says that ${unit.name} is ${state.active}${state.mainPid === null ? '' : `, with main process ${state.mainPid}`}`],
      why: 'It was spawned by a pm2 command in a session, and may end with that session. systemctl restart starts a second one, or none.',
      repair: [...pm2In(daemon, facts, 'save'), ...pm2In(daemon, facts, 'kill'), ['sudo', 'systemctl', 'restart', unit.name]],
    }];
  }),
};
