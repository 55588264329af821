import { parseCommandLine, type Options } from './command-line.ts';
import type { Invocation, ParseContext, Scope, Startup } from './invocation.ts';
import { serve, start, unplaced } from './starts.ts';
import {
  leading,
  many,
  numeric,
  one,
  operate,
  processFile,
  target,
  type Read,
  type LineReading,
  type Takes,
} from './targets.ts';

/**
 * The meaning of a command line, without access to the file system (docs/pm2-internals.md sections 2 and 3;
 * lib/API.js, 5.4 to 7.0). A call about the whole daemon has neither targets nor starts. A process file is a target,
 * never a start: only its content tells what it starts.
 * @param argv the words after `pm2`
 */
export function interpret(argv: readonly string[], context: ParseContext): Invocation {
  const { major, env, cwd } = context;
  const line = parseCommandLine(argv, major);
  const nothing = { argv, line, context, targets: [], starts: [], only: [], startup: null };
  switch (line.type) {
    case 'run': {
      const read = readings[line.command] ?? 'pure';
      const reading = typeof read === 'string' ? { scope: read } : read(line, env, cwd);
      return { ...nothing, command: line.command, typed: line.typed, scope: 'pure', ...reading };
    }
    case 'completion':
      return { ...nothing, command: 'completion', typed: 'completion', scope: 'pure' };
    case 'help':
    case 'usage error':
    case 'unknown command':
      return { ...nothing, command: null, typed: line.typed, scope: 'pure' };
    case 'version':
    case 'usage':
    case 'nothing':
      return { ...nothing, command: null, typed: null, scope: 'pure' };
  }
}

/** `set app:key value` and `set app.key value` restart app with this environment (lib/API/Configuration.js). */
function configured(key: string | undefined, cwd: string): LineReading {
  const parts = key?.includes(':') ? key.split(':') : (key?.split('.') ?? []);
  if (parts.length < 2) return { scope: 'config' };
  return { scope: 'config', targets: [target(parts[0] as string, null, cwd, { ...operate, stdin: true })] };
}

const startup: Read = ({ options, args }): LineReading => {
  const told: Startup = { user: text(options.user), hp: text(options.hp), platform: args[0] ?? null };
  return { scope: 'host', startup: told };
};

function text(value: Options[string]): string | null {
  return typeof value === 'string' ? value : null;
}

const named: Takes = {};
const idOrName: Takes = { id: numeric };
const onlyId: Takes = { id: () => true };
const signalled: Takes = { all: true, id: leading };

const readings: Partial<Record<string, Scope | Read>> = {
  start,
  stop: many(false, true),
  restart: many(true, true),
  reload: many(true, false),
  delete: many(false, false),
  startOrRestart: processFile,
  startOrReload: processFile,
  startOrGracefulReload: processFile,
  serve,
  create: (_line, env, cwd) => ({ scope: 'app', starts: [unplaced(null, env, cwd)] }),
  scale: one(named),
  id: one(named),
  pid: one(named),
  reset: one({ all: true, id: numeric }),
  flush: one(idOrName),
  describe: one(idOrName),
  desc: one(idOrName),
  info: one(idOrName),
  show: one(idOrName),
  env: one(onlyId),
  send: one(onlyId),
  attach: one(onlyId),
  sendSignal: one(signalled, 1),
  trigger: one({ all: true, id: numeric }),
  inspect: one({ all: true, id: numeric }),
  pull: one(idOrName),
  forward: one(idOrName),
  backward: one(idOrName),
  monitor: one(signalled, 0, 'keymetrics'),
  unmonitor: one(signalled, 0, 'keymetrics'),
  logs: (line, env, cwd) => {
    const [word = ''] = line.args;
    // No word means `all`; PM2 is the daemon's own log (lib/API/LogManagement.js).
    return word === '' || word === 'all' || word === 'PM2'
      ? { scope: 'daemon' }
      : one({ id: numeric, regex: true })(line, env, cwd);
  },
  set: ({ args: [key] }, _env, cwd) => configured(key, cwd),
  multiset: ({ args: [value = ''] }, _env, cwd) => configured(/(?:[^ "]+|"[^"]*")+/.exec(value)?.[0], cwd),
  config: ({ args: [key, value] }, _env, cwd) => (value ? configured(key, cwd) : { scope: 'config' }),
  get: 'config',
  conf: 'config',
  unset: 'config',
  startup,
  unstartup: startup,
  logrotate: 'host',
  deepUpdate: 'host',
  'install-otel': 'host',
  'uninstall-otel': 'host',
  install: 'modules',
  uninstall: 'modules',
  'module:update': 'modules',
  'module:generate': 'modules',
  publish: 'modules',
  deploy: 'deploy',
  link: 'keymetrics',
  unlink: 'keymetrics',
  open: 'keymetrics',
  plus: 'keymetrics',
  login: 'keymetrics',
  logout: 'keymetrics',
  list: 'daemon',
  l: 'daemon',
  ps: 'daemon',
  status: 'daemon',
  jlist: 'daemon',
  slist: 'daemon',
  prettylist: 'daemon',
  sysmonit: 'daemon',
  monit: 'daemon',
  imonit: 'daemon',
  dashboard: 'daemon',
  reloadLogs: 'daemon',
  kill: 'daemon',
  ping: 'daemon',
  update: 'daemon',
  updatePM2: 'daemon',
  dump: 'daemon',
  cleardump: 'daemon',
  resurrect: 'daemon',
  report: 'daemon',
  'profile:mem': 'daemon',
  'profile:cpu': 'daemon',
  autoinstall: 'daemon',
};
