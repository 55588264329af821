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
let known: readonly string[] | null = null;

/** For this process, instead of what install recorded. */
export function becomeRootBy(way: WayToRoot): void {
  known = PREFIXES[way];
}

/** What to type on this host to run a command of pm2-guard as root. Reads the install record at the first call. */
export function rootCommand(...words: readonly string[]): string[] {
  known ??= recorded() ?? ['sudo', thisCommand()];
  return [...known, ...words];
}

/** As rootCommand, in one line, quoted for pasting. */
export function rootCommandLine(...words: readonly string[]): string {
  return quoteCommand(rootCommand(...words));
}

/** The command that installs from the package or checkout that holds these bundles. */
export function wayToInstall(bundles: string): string {
  return existsSync(join(bundles, '../install.sh')) ? 'sudo ./install.sh' : rootCommandLine('install');
}

function recorded(): readonly string[] | null {
  try {
    const { wayToRoot } = JSON.parse(readFileSync(RECORD, 'utf8')) as { wayToRoot?: unknown };
    return typeof wayToRoot === 'string' && Object.hasOwn(PREFIXES, wayToRoot)
      ? PREFIXES[wayToRoot as WayToRoot]
      : PREFIXES.sudo;
  } catch {
    return null;
  }
}

/** Before the first install only npm's prefix has the command. Every secure_path has /usr/bin. */
function thisCommand(): string {
  const [, path = ''] = process.argv;
  return basename(path) === 'pm2-guard' && dirname(path) !== '/usr/bin' ? path : 'pm2-guard';
}
