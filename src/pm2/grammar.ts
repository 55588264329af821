import type { Major } from './invocation.ts';

export interface Option {
  /** The property commander sets, camelCase (`--max-restarts` sets `maxRestarts`). */
  attr: string;
  value: 'none' | 'optional' | 'required';
  /** `--no-x`: sets `x`, true until now, to false. */
  negated: boolean;
  /** Repeated values form an array; otherwise the last one counts. */
  list: boolean;
}

export interface Command {
  /** commander's name for it; `save` is an alias of `dump`. */
  name: string;
  /** How many positional words the action gets. */
  arity: number;
  /** How many of them are required. */
  required: number;
  /** The one positional takes all words. */
  variadic: boolean;
  /** Any positional word is an error (`failOnUnknown` in CLI.js). */
  strict: boolean;
  /** Its own options, by flag. Global options are taken from the line first. */
  option: (flag: string) => Option | undefined;
}

// lib/binaries/CLI.js, the same in 5.4, 6 and 7. By flag, the property it sets; `<` needs a value, `[` may take one,
// `!` sets false. PM2 has `-c` twice, and commander uses the first. An object of strings loads fastest.
const globals: Readonly<Record<string, string | undefined>> = {
  // @ts-expect-error: words are looked up, and `constructor` is none
  __proto__: null,
  '-V': 'version',
  '--version': 'version',
  '-v': 'version',
  '-s': 'silent',
  '--silent': 'silent',
  '--ext': '<ext',
  '-n': '<name',
  '--name': '<name',
  '-m': 'miniList',
  '--mini-list': 'miniList',
  '--interpreter': '<interpreter',
  '--interpreter-args': '<interpreterArgs',
  '--node-args': '<nodeArgs',
  '-o': '<output',
  '--output': '<output',
  '-e': '<error',
  '--error': '<error',
  '-l': '[log',
  '--log': '[log',
  '--filter-env': '[filterEnv',
  '--log-type': '<logType',
  '--log-date-format': '<logDateFormat',
  '--time': 'time',
  '--disable-logs': 'disableLogs',
  '--env': '<env',
  '-a': 'updateEnv',
  '--update-env': 'updateEnv',
  '-f': 'force',
  '--force': 'force',
  '-i': '<instances',
  '--instances': '<instances',
  '--parallel': '<parallel',
  '--shutdown-with-message': 'shutdownWithMessage',
  '-p': '<pid',
  '--pid': '<pid',
  '-k': '<killTimeout',
  '--kill-timeout': '<killTimeout',
  '--listen-timeout': '<listenTimeout',
  '--max-memory-restart': '<maxMemoryRestart',
  '--restart-delay': '<restartDelay',
  '--exp-backoff-restart-delay': '<expBackoffRestartDelay',
  '-x': 'executeCommand',
  '--execute-command': 'executeCommand',
  '--max-restarts': '[maxRestarts',
  '-u': '<user',
  '--user': '<user',
  '--uid': '<uid',
  '--gid': '<gid',
  '--namespace': '<namespace',
  '--cwd': '<cwd',
  '--hp': '<hp',
  '--wait-ip': 'waitIp',
  '--service-name': '<serviceName',
  '-c': '<cron',
  '--cron': '<cron',
  '--cron-restart': '<cronRestart',
  '-w': 'write',
  '--write': 'write',
  '--no-daemon': '!daemon',
  '--source-map-support': 'sourceMapSupport',
  '--only': '<only',
  '--disable-source-map-support': 'disableSourceMapSupport',
  '--wait-ready': 'waitReady',
  '--merge-logs': 'mergeLogs',
  '--watch': '[watch',
  '--ignore-watch': '<ignoreWatch',
  '--watch-delay': '<watchDelay',
  '--no-color': '!color',
  '--no-vizion': '!vizion',
  '--no-autostart': '!autostart',
  '--no-autorestart': '!autorestart',
  '--stop-exit-codes': '<stopExitCodes',
  '--no-treekill': '!treekill',
  '--no-pmx': '!pmx',
  '--no-automation': '!automation',
  '--trace': 'trace',
  '--disable-trace': 'disableTrace',
  '--sort': '<sort',
  '--attach': 'attach',
  '--v8': 'v8',
  '--event-loop-inspector': 'eventLoopInspector',
  '--deep-monitoring': 'deepMonitoring',
};

// By command: a letter per positional (r required, o optional, R and O variadic, x: none allowed), then its own
// options with the signs above, and `@` with the majors that have it, if not all. From lib/binaries/CLI.js of 5.4.3,
// 6.0.14 and 7.0.4.
const commands: Readonly<Record<string, string | undefined>> = {
  // @ts-expect-error: words are looked up, and `constructor` is none
  __proto__: null,
  start: 'O --watch --fresh --daemon --container --dist --image-name[ --node-version[ --dockerdaemon',
  trigger: 'rro',
  deploy: 'r',
  startOrRestart: 'r',
  startOrReload: 'r',
  pid: 'o',
  create: '',
  startOrGracefulReload: 'r',
  stop: 'R --watch',
  restart: 'R --watch',
  scale: 'rr',
  'profile:mem': 'o',
  'profile:cpu': 'o',
  reload: 'r',
  id: 'r',
  inspect: 'r',
  delete: 'R',
  sendSignal: 'rr',
  ping: '',
  updatePM2: '',
  update: '',
  install: 'r --tarball --install --docker --v1 --safe[',
  'module:update': 'r --tarball@67',
  'module:generate': 'o',
  uninstall: 'r',
  package: 'o',
  publish: 'o --npm',
  set: 'oo',
  multiset: 'r',
  get: 'o',
  conf: 'oo',
  config: 'ro',
  unset: 'r',
  report: '',
  link: 'ooo --info-node[',
  unlink: '',
  monitor: 'o',
  unmonitor: 'o',
  open: '',
  plus: 'oo --info-node[ -d,--discrete -a,--install-all',
  login: '',
  logout: '',
  dump: 'x --force',
  cleardump: 'x',
  send: 'rr',
  attach: 'ro',
  resurrect: 'x',
  unstartup: 'o',
  startup: 'o',
  logrotate: '',
  ecosystem: 'o',
  reset: 'r',
  describe: 'r',
  desc: 'r',
  info: 'r',
  show: 'r',
  env: 'r',
  list: '',
  l: '',
  ps: '',
  status: '',
  jlist: '',
  sysmonit: '@56',
  slist: ' -t,--tree',
  prettylist: 'x',
  monit: '',
  imonit: '',
  dashboard: '',
  flush: 'o',
  reloadLogs: '',
  logs: 'o --json --format --raw --err --out --lines< --timestamp[ --nostream --highlight[',
  kill: 'x',
  pull: 'ro',
  forward: 'r',
  backward: 'r',
  deepUpdate: '',
  serve: 'oo --port[ --spa --ftp@7 --basic-auth-username[ --basic-auth-password[ --monitor[',
  autoinstall: '',
  examples: '',
  'install-otel': '@7',
  'uninstall-otel': '@7',
  '*': '',
};

const aliases: Readonly<Record<string, string | undefined>> = {
  // @ts-expect-error: words are looked up, and `constructor` is none
  __proto__: null,
  del: 'delete',
  'module:install': 'install',
  'module:uninstall': 'uninstall',
  'module:publish': 'publish',
  register: 'plus',
  save: 'dump',
  init: 'ecosystem',
  ls: 'list',
  sysinfos: 'slist',
  dash: 'dashboard',
  expose: 'serve',
};

function option(told: string): Option {
  const sign = told.charAt(0);
  const value = sign === '<' ? 'required' : sign === '[' ? 'optional' : 'none';
  const attr = value === 'none' && sign !== '!' ? told : told.slice(1);
  return { attr, value, negated: sign === '!', list: attr === 'watch' || attr === 'filterEnv' };
}

/** The global option of a flag, short or long. */
export function globalOption(flag: string): Option | undefined {
  const told = globals[flag];
  return told === undefined ? undefined : option(told);
}

/** The command of a name or an alias; commander is case-sensitive. */
export function commandOf(word: string, major: Major): Command | undefined {
  const row = commands[word];
  if (row === undefined) return aliasedAs(word, major);
  const [words = ''] = row.split(' ', 1);
  if (words.startsWith('@'))
    return words.includes(String(major))
      ? { name: word, arity: 0, required: 0, variadic: false, strict: false, option: () => undefined }
      : undefined;
  return {
    name: word,
    arity: words === 'x' ? 0 : words.length,
    required: words.lastIndexOf('r') + 1 + (words === 'R' ? 1 : 0), // required ones come first
    variadic: words === 'R' || words === 'O',
    strict: words === 'x',
    option: (flag) => ownOption(row, flag, major),
  };
}

/** Parsed only for options that are not global: most calls have none. */
function ownOption(row: string, flag: string, major: Major): Option | undefined {
  for (const word of row.split(' ').slice(1)) {
    const [text = '', majors = '567'] = word.split('@');
    const sign = text.endsWith('<') || text.endsWith('[') ? text.slice(-1) : '';
    const flags = text.slice(0, text.length - sign.length).split(',');
    if (!flags.includes(flag) || !majors.includes(String(major))) continue;
    return option(sign + (flags.at(-1) ?? '').slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()));
  }
  return undefined;
}

/** The command that has this alias. */
export function aliasedAs(word: string, major: Major): Command | undefined {
  const name = aliases[word];
  return name === undefined ? undefined : commandOf(name, major);
}

/** All commands and options, for the tests; `own` by command. */
export function vocabulary(major: Major): {
  flags: string[];
  commands: string[];
  aliases: string[];
  own: Record<string, string[]>;
} {
  const names = Object.keys(commands).filter((name) => commandOf(name, major));
  const own = names.map((name) => {
    const written = (commands[name] ?? '')
      .split(' ')
      .slice(1)
      .flatMap((word) => word.replace(/[<[]?(@\d+)?$/, '').split(','));
    return [name, written.filter((flag) => commandOf(name, major)?.option(flag))] as const;
  });
  return { flags: Object.keys(globals), commands: names, aliases: Object.keys(aliases), own: Object.fromEntries(own) };
}

/**
 * The grammar of an installed PM2. `known` is false if it was not compared with that PM2: before 5.4 (no
 * `--stop-exit-codes` and `--no-autostart`) and after 7. Then the nearest major is used, and the guard says so.
 * @param version as in PM2's package.json: `6.0.14`
 */
export function grammarFor(version: string): { major: Major; known: boolean } {
  const [major, minor] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 5) return { major, known: minor !== undefined && minor >= 4 };
  if (major === 6 || major === 7) return { major, known: true };
  return { major: major !== undefined && major < 5 ? 5 : 7, known: false };
}
