import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { quoteCommand } from './shown.ts';

/** How a person of this host starts pm2-guard as root. */
const PREFIXES = {
  sudo: ['sudo', 'pm2-guard'],
  /** The secure_path of sudo lacks the command, or is unknown. */
  'sudo by path': ['sudo', '/usr/local/bin/pm2-guard'],
  doas: ['doas', '/usr/local/bin/pm2-guard'],
  run0: ['run0', '/usr/local/bin/pm2-guard'],
  /** None of these programs is installed. */
  root: ['pm2-guard'],
} as const;
export type WayToRoot = keyof typeof PREFIXES;

const RECORD = '/usr/local/lib/pm2-guard/install.json';
const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
/** Null: nothing is installed. Undefined: not read yet. */
let known: WayToRoot | null | undefined;

/** For this process, instead of what install recorded. */
export function becomeRootBy(way: WayToRoot): void {
  known = way;
}

/** What to type on this host to run a command of pm2-guard as root. Reads the install record at the first call. */
export function rootCommand(...words: readonly string[]): string[] {
  const way = wayToRoot();
  return [...(way === null ? ['sudo', thisCommand()] : PREFIXES[way]), ...words];
}

/**
 * A command line as a person of this host has to type it. What begins with sudo is written as this host becomes another
 * user, and pm2 by the path of the shim, where that user's PATH may not have it.
 * @param words `sudo [-u USER] [env] [NAME=VALUE]... COMMAND`, or `sudoedit FILE`; others come back as they are
 */
export function onThisHost(words: readonly string[]): string[] {
  const way = wayToRoot() ?? 'sudo';
  const [sudo, option, name = ''] = words;
  if (sudo === 'sudoedit' && !way.startsWith('sudo')) return onThisHost(['sudo', 'vi', ...words.slice(1)]);
  if (way === 'sudo' || sudo !== 'sudo') return [...words];
  const user = option === '-u' ? name : null;
  const start = user === null ? 1 : 3;
  const isSetting = (word: string | undefined) => word !== undefined && /^[A-Za-z_]\w*=/.test(word);
  let at = words[start] === 'env' ? start + 1 : start;
  while (isSetting(words[at])) at++;
  const sets = words.slice(start, at).filter(isSetting);
  const command = words.slice(at).map((word, index) => (index === 0 && word === 'pm2' ? SHIM : word));
  if (way === 'sudo by path') return [...words.slice(0, at), ...command];
  if (command[0]?.startsWith('-') === true) return [...words]; // an option that only sudo has
  const environment = sets.length === 0 ? [] : ['env', ...sets];
  if (way !== 'root') return [way, ...(user === null ? [] : ['-u', user]), ...environment, ...command];
  return user === null ? [...sets, ...command] : ['runuser', '-u', user, '--', ...environment, ...command];
}

/** As onThisHost, in one line, quoted for pasting. */
export function commandLineHere(words: readonly string[]): string {
  return quoteCommand(onThisHost(words));
}

/** As rootCommand, in one line, quoted for pasting. */
export function rootCommandLine(...words: readonly string[]): string {
  return quoteCommand(rootCommand(...words));
}

/**
 * What installs PM2 for all users of this host, in one line.
 * @param version null: the newest
 */
export function installPm2Line(version: string | null = null): string {
  return commandLineHere(['sudo', 'npm', 'install', '-g', version === null ? 'pm2' : `pm2@${version}`]);
}

/** The command that installs from the package or checkout that holds these bundles. */
export function wayToInstall(bundles: string): string {
  return existsSync(join(bundles, '../install.sh')) ? 'sudo ./install.sh' : rootCommandLine('install');
}

function wayToRoot(): WayToRoot | null {
  if (known === undefined) known = recorded();
  return known;
}

function recorded(): WayToRoot | null {
  try {
    const { wayToRoot: way } = JSON.parse(readFileSync(RECORD, 'utf8')) as { wayToRoot?: unknown };
    return typeof way === 'string' && Object.hasOwn(PREFIXES, way) ? (way as WayToRoot) : 'sudo';
  } catch {
    return null;
  }
}

/** Before the first install only npm's prefix has the command. Every secure_path has /usr/bin. */
function thisCommand(): string {
  const [, path = ''] = process.argv;
  return basename(path) === 'pm2-guard' && dirname(path) !== '/usr/bin' ? path : 'pm2-guard';
}
