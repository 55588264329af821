import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, pm2HomeOf, savedNames } from '../placement.ts';
import { killableApps, killableDaemon } from '../killable.ts';
import { asUserOf, kill, pm2In, type CommandWords } from '../repair.ts';
import { bootUnitOfDaemon, endCommands, saveCommands, runningUnit, startCommands, systemctl } from '../through-unit.ts';
import { listed } from '../words.ts';

/** PD103, PD104, T33: a daemon whose socket path is gone or leads to another daemon. No pm2 command reaches it. */
export const unreachable: Check = {
  name: 'unreachable daemon',
  find: (facts) =>
    daemonsHere(facts)
      .filter(({ reachable, pid }) => !reachable && pid !== null)
      .map((daemon): DoctorFinding => {
        const twin = daemonsHere(facts).find(
          (other) =>
            other.reachable &&
            (other.pm2Home === daemon.pm2Home || (other.physical !== null && other.physical === daemon.physical)),
        );
        const names = daemon.apps.map(({ name }) => name);
        const runs = `it still runs ${names.length > 0 ? listed(names) : 'nothing'}`;
        const shared = {
          urgency: names.length > 0 ? 'urgent' : 'wrong',
          fix: null,
          trap: 'T33',
          subject: about({ home: daemon.pm2Home, pid: daemon.pid, path: daemon.socket }),
        } as const;
        if (twin) {
          return {
            ...shared,
            code: 'PD103',
            what: `two daemons have one PM2_HOME, ${daemon.pm2Home}`,
            evidence: [
              `pid ${daemon.pid ?? ''} listens where no client can connect any more: ${daemon.socket} is now that of ` +
                `pid ${twin.pid ?? ''}`,
              runs,
            ],
            why:
              'pm2 reaches the second only: what the first runs is in no list, cannot be stopped, and comes back ' +
              'when it is killed.',
            repair: endFirst(daemon, twin, facts),
          };
        }
        return {
          ...shared,
          code: 'PD104',
          what: `no command reaches the daemon of ${daemon.user ?? 'a user without an account'} in ${daemon.pm2Home}`,
          evidence: [
            `pid ${daemon.pid ?? ''} listens on ${daemon.socket}, which is ` +
              (daemon.physical === null ? 'gone with its directory' : 'no more there'),
            runs,
          ],
          why: 'The next pm2 command spawns a second daemon, with an empty list, beside the apps that run.',
          repair: [
            ...(daemon.physical === null ? [asUserOf(daemon, 'mkdir', '-p', daemon.pm2Home)] : []),
            ...restartCommands(daemon, facts),
          ],
        };
      }),
};

/**
 * On SIGTERM the daemon saves its list to dump.pm2 and stops its apps, so resurrect brings them back. The unit's stop
 * sends SIGTERM to the daemon and its apps at once. The daemon may then save an app as stopped. So it gets its signal
 * first.
 */
export function restartCommands(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const own = runningUnit(daemon, facts);
  const runs = daemon.apps.length > 0;
  if (own !== null)
    return runs ? [...kill(daemon, killableDaemon(daemon)), systemctl(own, 'restart')] : [systemctl(own, 'stop')];
  const unit = bootUnitOfDaemon(daemon, facts);
  const back = unit === null ? pm2In(daemon, facts, 'resurrect') : startCommands(unit, facts);
  return [...endCommands(daemon, facts), ...(runs ? back : [])];
}

/**
 * SIGKILL, because on SIGTERM the first daemon would save its list over the other's, and libuv would remove the path
 * of the other's socket (uv__pipe_close). The apps end after it, or it would restart them.
 */
function endFirst(daemon: DaemonFacts, twin: DaemonFacts, facts: HostFacts): CommandWords[] {
  const unit = runningUnit(daemon, facts);
  if (unit !== null) return endBoth(daemon, twin, unit, facts);
  const saved = savedNames(pm2HomeOf(twin, facts)) ?? [];
  const lost = daemon.apps.filter(
    ({ name }) => !twin.apps.some((other) => other.name === name) && saved.includes(name),
  );
  return [
    ...kill(daemon, killableDaemon(daemon), 'KILL'),
    ...kill(daemon, killableApps(daemon)),
    ...(lost.length > 0 ? pm2In(twin, facts, 'resurrect') : []),
  ];
}

/**
 * systemd would restart a daemon of a unit after SIGKILL. So the second daemon ends, the first saves its list on
 * SIGTERM, and the unit's restart brings that list back.
 */
export function endBoth(daemon: DaemonFacts, twin: DaemonFacts, unit: Unit, facts: HostFacts): CommandWords[] {
  const first = daemon.apps.map(({ name }) => name);
  const others = [...twin.apps.map(({ name }) => name), ...(savedNames(pm2HomeOf(twin, facts)) ?? [])];
  const ended = pm2In(twin, facts, 'kill');
  if (others.every((name) => first.includes(name)))
    return ended.length === 0 ? [] : [...ended, ...kill(daemon, killableDaemon(daemon)), systemctl(unit, 'restart')];
  // The first daemon must not save: its list lacks the second's apps.
  const all = [...others, ...first];
  const kept = saveCommands(twin, facts);
  if (kept === null || ended.length === 0 || !all.every((name) => others.includes(name))) return [];
  return [...kept, ...ended, systemctl(unit, 'kill', '--signal=KILL'), systemctl(unit, 'restart')];
}
