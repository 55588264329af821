import { join, resolve } from 'node:path';
import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import { ciProcessMarks } from '../../identity/environment.ts';
import { grammarFor } from '../../pm2/grammar.ts';
import { PATH_OVERRIDES, resolvePm2Home } from '../../pm2/home.ts';
import type { Pid } from '../../runtime/brands.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, foreignOwner, isUndeclared } from '../placement.ts';
import type { CommandWords } from '../repair.ts';
import { emptyCommands, renewCommands, runningUnit } from '../through-unit.ts';
import { dropInCommands } from '../unit-words.ts';
import { listed } from '../words.ts';

type Living = DaemonFacts & { pid: Pid; env: Readonly<Record<string, string>> };

/** A daemon keeps the environment of its spawn for its whole life (lib/Client.js launchDaemon). */
function living(facts: HostFacts): Living[] {
  return daemonsHere(facts).flatMap((daemon) =>
    daemon.pid === null || !daemon.process?.env ? [] : [{ ...daemon, pid: daemon.pid, env: daemon.process.env }],
  );
}

function respawned(daemon: Living, facts: HostFacts, before: readonly CommandWords[] = []): CommandWords[] {
  return isUndeclared(daemon, facts) ? emptyCommands(daemon, facts) : renewCommands(daemon, facts, before);
}

/** The unit that sets this HOME and would set it again. */
function unitWithHome(daemon: Living, facts: HostFacts): Unit | null {
  const unit = runningUnit(daemon, facts);
  return unit?.manager === null && unit.homeDirectory !== null && unit.homeDirectory === daemon.env['HOME']
    ? unit
    : null;
}

/** Commands that set the user's own HOME in the unit, and keep the daemon's PM2_HOME. */
function homeInUnit({ pm2Home, homeDirectory }: Living, unit: Unit | null): CommandWords[] {
  if (unit === null || homeDirectory === null || ![pm2Home, homeDirectory].every((path) => /^[\w./-]+$/.test(path)))
    return [];
  return dropInCommands(unit.name, 'home', `Environment=HOME=${homeDirectory} PM2_HOME=${pm2Home}`);
}

/** PD108, T39: the daemon ends with the CI job that spawned it. */
export const ciVariables: Check = {
  name: 'CI variables',
  find: (facts) =>
    living(facts).flatMap((daemon): DoctorFinding[] => {
      const { pm2Home, pid, env, user, apps } = daemon;
      const names = ciProcessMarks(env);
      if (names.length === 0) return [];
      return [
        {
          code: 'PD108',
          urgency: 'wrong',
          fix: null,
          trap: 'T39',
          subject: about({ home: pm2Home, pid }),
          what: `the daemon of ${user ?? 'an unknown user'} in ${pm2Home} was spawned in a CI job, and may end with it`,
          evidence: [
            `pid ${pid} has ${listed(names)} in its environment`,
            ...(apps.length > 0 ? [`it runs ${listed(apps.map(({ name }) => name))}`] : []),
          ],
          why: 'CI runners end everything that carries the variables of a job: a green job, and the apps are gone.',
          repair: respawned(daemon, facts),
        },
      ];
    }),
};

/** Names in PATH_OVERRIDES that hold no path. */
const NO_PATH = /TOKEN|BUILTIN|EMBEDDED/;

/** PD109, T21: the sockets and files of the daemon are not in its PM2_HOME. */
export const overrides: Check = {
  name: 'path overrides',
  find: (facts) =>
    living(facts).flatMap((daemon): DoctorFinding[] => {
      const { pm2Home, pid, env, user, process } = daemon;
      const cwd = process?.cwd ?? '/';
      const expected = pm2HomeWithoutOverrides(daemon, cwd);
      const away = PATH_OVERRIDES.filter(
        (name) => !NO_PATH.test(name) && env[name] && !isWithin(resolve(cwd, env[name]), expected),
      );
      if (away.length === 0) return [];
      return [
        {
          code: 'PD109',
          urgency: 'wrong',
          fix: null,
          trap: 'T21',
          subject: about({ home: pm2Home, pid }),
          what: `variables keep parts of the daemon of ${user ?? 'an unknown user'} in ${pm2Home} elsewhere`,
          evidence: [
            `pid ${pid} was spawned with:`,
            ...away.map((name) => `${name}=${env[name] ?? ''}`),
            `its PM2_HOME would be ${expected}`,
          ],
          why: 'Who calls pm2 without these variables reaches another daemon, another dump, another log.',
          repair: respawned(daemon, facts),
        },
      ];
    }),
};

/** PM2 writes the value of OVER_HOME into PM2_HOME, too. */
function pm2HomeWithoutOverrides({ env, pm2, homeDirectory }: Living, cwd: string): string {
  const { HOME, PM2_HOME, OVER_HOME } = env;
  const { major } = grammarFor(pm2 ?? '7.0.0');
  const named = OVER_HOME && PM2_HOME === OVER_HOME ? undefined : PM2_HOME;
  return resolvePm2Home({ HOME, PM2_HOME: named }, { major, homeDirectory, cwd });
}

/** PD110, T15, T16, T19, T20: PM2 derives PM2_HOME from HOME, and passes HOME to its apps in cluster mode. */
export const wrongHomeVariable: Check = {
  name: 'HOME of a daemon',
  find: (facts) =>
    living(facts).flatMap((daemon): DoctorFinding[] => {
      const { pm2Home, pid, env, user, homeDirectory } = daemon;
      const { HOME } = env;
      if (foreignOwner(daemon, facts) !== null) return []; // PD102
      if (
        homeDirectory === null ||
        (HOME !== undefined && HOME !== '' && resolve('/', HOME) === resolve('/', homeDirectory))
      )
        return [];
      const derived = !env['PM2_HOME'] || env['PM2_HOME'] === join(HOME ?? '/etc', '.pm2');
      const absent = HOME === undefined || HOME === '';
      const unit = unitWithHome(daemon, facts);
      return [
        {
          code: 'PD110',
          urgency: derived ? 'wrong' : 'untidy',
          fix: null,
          trap: absent ? 'T15' : HOME === '/' ? 'T16' : 'T20',
          subject: about({ home: pm2Home, pid }),
          what: absent
            ? `the daemon of ${user ?? 'an unknown user'} in ${pm2Home} has no HOME`
            : `the daemon of ${user ?? 'an unknown user'} in ${pm2Home} has a HOME that is not its user's`,
          evidence: [
            absent ? `pid ${pid} has no HOME` : `pid ${pid} has HOME=${HOME}`,
            ...(unit === null ? [] : [`${unit.file} sets it`]),
            `the home directory of ${user ?? 'its user'} is ${homeDirectory}`,
          ],
          why: absent
            ? 'Without HOME, PM2 5 and 6 live in /etc/.pm2, PM2 7 in the home directory: an upgrade makes two ' +
              'daemons of one.'
            : derived
              ? 'Its PM2_HOME follows from that HOME: a login as that user does not see what runs there.'
              : 'Apps in cluster mode inherit that HOME.',
          repair: respawned(daemon, facts, homeInUnit(daemon, unit)),
        },
      ];
    }),
};

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
