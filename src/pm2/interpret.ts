import { extname, resolve } from 'node:path';
import { parseCommandLine, type CommandLine, type Options, type Run } from './command-line.ts';
import type { Invocation, ParseContext, Scope, Start, Startup, Target } from './invocation.ts';
import { environmentName, isProcessFile, scriptName } from './names.ts';

type Reading = Partial<Pick<Invocation, 'scope' | 'targets' | 'starts' | 'only' | 'startup'>>;

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

type Read = (line: CommandLine & Run, env: NodeJS.ProcessEnv, cwd: string) => Reading;

/** The words a command accepts besides a name or a path. */
interface Takes {
  all?: boolean;
  id?: (word: string) => boolean;
  regex?: boolean;
  file?: boolean;
  stdin?: boolean;
}

const numeric = (word: string): boolean => !Number.isNaN(Number(word)); // isNaN: '' and ' ' are numbers too
const leading = (word: string): boolean => !Number.isNaN(Number.parseInt(word, 10));

function target(word: string, at: number | null, cwd: string, takes: Takes): Target {
  if (takes.stdin && word === '-') return { kind: 'stdin', word, at };
  if (takes.file && isProcessFile(word)) return { kind: 'file', word, path: resolve(cwd, word), at };
  if (takes.all && word === 'all') return { kind: 'all', word, at };
  if (takes.id?.(word)) return { kind: 'id', word, at };
  if (takes.regex && word.startsWith('/') && word.endsWith('/')) return { kind: 'regex', word, at };
  return { kind: 'name', word, path: resolve(cwd, word), at };
}

const operate: Takes = { all: true, id: numeric, regex: true, file: true };

function placeOf({ places }: Run, argument: number): number | null {
  return places[argument] ?? null;
}

/** A command with one target, its word number `at`; without that word it is about the whole daemon. */
function one(takes: Takes, at = 0, without: Scope = 'daemon'): Read {
  return (line, _env, cwd) => {
    const word = line.args[at];
    if (word === undefined) return { scope: without };
    return { scope: 'app', targets: [target(word, placeOf(line, at), cwd, takes)] };
  };
}

/** _startJson splits --only at commas and blanks, actionFromJson compares it with one name (lib/API.js). */
function only(options: Options, targets: readonly Target[], split: boolean): string[] {
  const value = options.only;
  if (typeof value !== 'string' || value === '' || !targets.some(({ kind }) => kind === 'file' || kind === 'stdin'))
    return [];
  return split ? value.split(/,| /) : [value];
}

/** stop, restart, reload and delete. restart uses actionFromJson for standard input, _startJson for a file. */
function many(split: boolean, stdin: boolean): Read {
  return (line, _env, cwd) => {
    const takes = { ...operate, stdin: stdin || line.stdin };
    const targets = line.args.map((word, at) => target(word, placeOf(line, at), cwd, takes));
    return {
      scope: 'app',
      targets,
      only: only(line.options, targets, split && targets.some(({ kind }) => kind === 'file')),
    };
  };
}

const processFile: Read = (line, _env, cwd) => {
  const file = (word: string, at: number): Target => ({
    kind: 'file',
    word,
    path: resolve(cwd, word),
    at: placeOf(line, at),
  });
  const targets = line.args.map(file);
  return { scope: 'app', targets, only: only(line.options, targets, true) };
};

const start: Read = (line, env, cwd) => {
  if (line.own.container === true) return { scope: 'host' }; // builds and runs a docker image
  const targets: Target[] = [];
  const starts: Start[] = [];
  for (const [argument, word] of line.args.entries()) {
    const at = placeOf(line, argument);
    const found = target(word, at, cwd, { all: true, id: numeric, file: true, stdin: line.stdin });
    // A word with a slash or an extension is only a script; other words are first looked up as names (_startScript).
    if (found.kind !== 'name' || isBare(word)) targets.push(found);
    if (found.kind === 'name') starts.push(startOf(word, at, line.options, env, cwd));
  }
  return { scope: 'app', targets, starts, only: only(line.options, targets, true) };
};

function isBare(word: string): boolean {
  return !word.includes('/') && extname(word) === '';
}

function startOf(word: string, at: number | null, options: Options, env: NodeJS.ProcessEnv, cwd: string): Start {
  const filters = Array.isArray(options.filterEnv) ? options.filterEnv : [];
  const name = typeof options.name === 'string' && options.name !== '' ? options.name : scriptName(word);
  const namespace = typeof options.namespace === 'string' && options.namespace !== '' ? options.namespace : null;
  const folder = typeof options.cwd === 'string' ? resolve(cwd, options.cwd) : cwd;
  return {
    word,
    name: environmentName(env, 'name', filters) ?? name,
    namespace: environmentName(env, 'namespace', filters) ?? namespace,
    script: word.includes(' ') || isBare(word) ? null : resolve(folder, word),
    cwd: folder,
    at,
  };
}

/** `serve` starts PM2's own script in the served directory. It ignores --namespace (lib/API/Extra.js). */
const serve: Read = (line, env, cwd) => {
  const port = env.PM2_SERVE_PORT || line.args[1] || line.own.port || 8080;
  const name =
    typeof line.options.name === 'string' ? line.options.name || 'Serve' : `static-page-server-${String(port)}`;
  const folder = resolve(cwd, env.PM2_SERVE_PATH || line.args[0] || '.');
  return { scope: 'app', starts: [unplaced(name, env, folder)] };
};

/** A start that no word of the line names. */
function unplaced(name: string | null, env: NodeJS.ProcessEnv, cwd: string): Start {
  const namespace = environmentName(env, 'namespace') ?? null;
  return { word: null, name: environmentName(env, 'name') ?? name, namespace, script: null, cwd, at: null };
}

/** `set app:key value` and `set app.key value` restart app with this environment (lib/API/Configuration.js). */
function configured(key: string | undefined, cwd: string): Reading {
  const parts = key?.includes(':') ? key.split(':') : (key?.split('.') ?? []);
  if (parts.length < 2) return { scope: 'config' };
  return { scope: 'config', targets: [target(parts[0] as string, null, cwd, { ...operate, stdin: true })] };
}

const startup: Read = ({ options, args }): Reading => {
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
  ...Object.fromEntries(
    [
      'list',
      'l',
      'ps',
      'status',
      'jlist',
      'slist',
      'prettylist',
      'sysmonit',
      'monit',
      'imonit',
      'dashboard',
      'reloadLogs',
      'kill',
      'ping',
      'update',
      'updatePM2',
      'dump',
      'cleardump',
      'resurrect',
      'report',
      'profile:mem',
      'profile:cpu',
      'autoinstall',
    ].map((name) => [name, 'daemon']),
  ),
};
