import type { Invocation } from '../pm2/invocation.ts';

/** The effect of a call on a daemon. Decides where a call goes if no evidence names an owner. */
export type CommandClass = 'no daemon' | 'reads' | 'starts' | 'interrupts' | 'ends' | 'host';

/** Every command of PM2 5.4 to 7.0. test/verdict/table.test.ts checks it against PM2's grammar. */
export const COMMANDS: Readonly<Record<CommandClass, string>> = {
  'no daemon': 'completion deploy ecosystem examples module:generate package publish',
  reads:
    'conf dashboard desc describe env get id imonit info jlist l list logs monit open pid ping prettylist ps report ' +
    'show slist status sysmonit',
  starts: 'autoinstall create install serve start startOrGracefulReload startOrReload startOrRestart',
  interrupts:
    'attach backward config dump forward inspect link login module:update monitor multiset plus profile:cpu ' +
    'profile:mem pull reload reloadLogs reset restart resurrect scale send sendSignal set trigger unmonitor update ' +
    'updatePM2',
  ends: 'cleardump delete flush kill logout stop uninstall unlink unset',
  host: 'deepUpdate install-otel logrotate startup uninstall-otel unstartup',
};

/** Null: PM2 has no such command. */
export function classOfCommand(command: string): CommandClass | null {
  for (const [name, commands] of Object.entries(COMMANDS)) {
    if (` ${commands} `.includes(` ${command} `)) return name as CommandClass;
  }
  return null;
}

/** A line without a command (version, help, mistake) needs no daemon. */
export function classOf({ command, line, targets, starts }: Invocation): CommandClass {
  if (command === null) return 'no daemon';
  // An empty list replaces the saved one (dump in lib/API/Startup.js).
  if (command === 'dump' && line.options.force === true) return 'ends';
  // `config key` prints a value, `config key value` sets it.
  if (command === 'config' && line.type === 'run' && line.args.length < 2) return 'reads';
  // `start all` and `start 0` restart what is there.
  if (command === 'start' && starts.length === 0 && targets.every(({ kind }) => kind === 'all' || kind === 'id'))
    return 'interrupts';
  return classOfCommand(command) ?? 'no daemon';
}
