import type { Major } from './invocation.ts';

/** One option, as commander 2.15.1 understands its flags. */
export interface Option {
  /** The property commander sets, camelCase (`--max-restarts` sets `maxRestarts`). */
  attr: string;
  value: 'none' | 'optional' | 'required';
  /** `--no-x`: sets `x`, true until now, to false. */
  negated: boolean;
  /** Its values add up to an array, instead of the last one winning. */
  list: boolean;
}

export interface Command {
  /** The name commander knows it by; `save` is an alias of `dump`. */
  name: string;
  alias: string | null;
  /** How many positional words the action is handed. */
  arity: number;
  /** How many of them must be there. */
  required: number;
  /** The one positional takes all the words there are. */
  variadic: boolean;
  /** Any positional word is an error (`failOnUnknown` in CLI.js). */
  strict: boolean;
  /** Its own options by flag. Global options are taken from the line first. */
  options: ReadonlyMap<string, Option>;
}

export interface Grammar {
  /** Global options by flag, short and long. */
  options: ReadonlyMap<string, Option>;
  /** Commands by name and by alias. */
  commands: ReadonlyMap<string, Command>;
  aliases: ReadonlyMap<string, Command>;
}

// lib/binaries/CLI.js: the same in 5.4, 6 and 7. `-c` twice: commander finds the first one.
const globals = {
  none: '-V,--version -v,--version -s,--silent -m,--mini-list --time --disable-logs -a,--update-env -f,--force --shutdown-with-message '
    + '-x,--execute-command --wait-ip -w,--write --no-daemon --source-map-support --disable-source-map-support --wait-ready --merge-logs '
    + '--no-color --no-vizion --no-autostart --no-autorestart --no-treekill --no-pmx --no-automation --trace --disable-trace --attach --v8 '
    + '--event-loop-inspector --deep-monitoring',
  optional: '-l,--log --filter-env --max-restarts --watch',
  required: '--ext -n,--name --interpreter --interpreter-args --node-args -o,--output -e,--error --log-type --log-date-format --env '
    + '-i,--instances --parallel -p,--pid -k,--kill-timeout --listen-timeout --max-memory-restart --restart-delay --exp-backoff-restart-delay '
    + '-u,--user --uid --gid --namespace --cwd --hp --service-name -c,--cron -c,--cron-restart --only --ignore-watch --watch-delay '
    + '--stop-exit-codes --sort',
};
const lists = new Set(['filterEnv', 'watch']);

// Per row: name[|alias], then a letter for each positional (r required, o optional, R and O variadic, x: none allowed), then its own options
// (`=` takes a value, `?` may take one), then the majors that have it, if not all. Facts of lib/binaries/CLI.js in 5.4.3, 6.0.14 and 7.0.4.
const rows = `start O --watch --fresh --daemon --container --dist --image-name? --node-version? --dockerdaemon
trigger rro
deploy r
startOrRestart r
startOrReload r
pid o
create
startOrGracefulReload r
stop R --watch
restart R --watch
scale rr
profile:mem o
profile:cpu o
reload r
id r
inspect r
delete|del R
sendSignal rr
ping
updatePM2
update
install|module:install r --tarball --install --docker --v1 --safe?
module:update r --tarball@67
module:generate o
uninstall|module:uninstall r
package o
publish|module:publish o --npm
set oo
multiset r
get o
conf oo
config ro
unset r
report
link ooo --info-node?
unlink
monitor o
unmonitor o
open
plus|register oo --info-node? -d,--discrete -a,--install-all
login
logout
dump|save x --force
cleardump x
send rr
attach ro
resurrect x
unstartup o
startup o
logrotate
ecosystem|init o
reset r
describe r
desc r
info r
show r
env r
list|ls
l
ps
status
jlist
sysmonit @56
slist|sysinfos -t,--tree
prettylist x
monit
imonit
dashboard|dash
flush o
reloadLogs
logs o --json --format --raw --err --out --lines= --timestamp? --nostream --highlight?
kill x
pull ro
forward r
backward r
deepUpdate
serve|expose oo --port? --spa --ftp@7 --basic-auth-username? --basic-auth-password? --monitor?
autoinstall
examples
install-otel @7
uninstall-otel @7
*`;

function camelCase(long: string): string {
  return long.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function add(options: Map<string, Option>, flags: string, value: Option['value']): void {
  const long = flags.slice(flags.lastIndexOf('--'));
  const negated = long.startsWith('--no-');
  const attr = camelCase(long.slice(negated ? 5 : 2));
  const option = { attr, value, negated, list: lists.has(attr) };
  for (const flag of flags.split(',')) if (!options.has(flag)) options.set(flag, option);
}

function commandOf(row: string, major: Major): Command | null {
  const [names = '', ...words] = row.split(' ');
  const command = { arity: 0, required: 0, variadic: false, strict: false };
  const options = new Map<string, Option>();
  for (const word of words) {
    const [text = '', majors] = word.split('@');
    const here = majors?.includes(String(major)) ?? true;
    if (text === '') {
      if (!here) return null;
    } else if (text.startsWith('-')) {
      const value = text.endsWith('=') ? 'required' : text.endsWith('?') ? 'optional' : 'none';
      if (here) add(options, value === 'none' ? text : text.slice(0, -1), value);
    } else {
      command.strict = text === 'x';
      command.arity = command.strict ? 0 : text.length;
      command.required = text.replace(/[^rR]/g, '').length;
      command.variadic = text === 'R' || text === 'O';
    }
  }
  const [name = '', alias = null] = names.split('|');
  return { name, alias, ...command, options };
}

function build(major: Major): Grammar {
  const options = new Map<string, Option>();
  for (const value of ['none', 'optional', 'required'] as const) for (const flags of globals[value].split(' ')) add(options, flags, value);
  const commands = new Map<string, Command>();
  const aliases = new Map<string, Command>();
  for (const row of rows.split('\n')) {
    const command = commandOf(row, major);
    if (command === null) continue;
    commands.set(command.name, command);
    if (command.alias === null) continue;
    commands.set(command.alias, command);
    aliases.set(command.alias, command);
  }
  return { options, commands, aliases };
}

const built = new Map<Major, Grammar>();

/**
 * The options and commands of a PM2 major. Built at the first call, some 0.2 ms.
 */
export function grammarOf(major: Major): Grammar {
  let grammar = built.get(major);
  if (grammar === undefined) built.set(major, grammar = build(major));
  return grammar;
}

/**
 * Which grammar an installed PM2 has. `known` is false where it was not compared with PM2's own commander program: before 5.4
 * (`--stop-exit-codes` and `--no-autostart` are missing there) and after 7; the nearest major is used and the guard says so.
 * @param version as in PM2's package.json: `6.0.14`
 */
export function grammarFor(version: string): { major: Major; known: boolean } {
  const [major, minor] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 5) return { major, known: minor !== undefined && minor >= 4 };
  if (major === 6 || major === 7) return { major, known: true };
  return { major: major !== undefined && major < 5 ? 5 : 7, known: false };
}
