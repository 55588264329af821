import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accountByName } from '../../identity/accounts.ts';
import { defaultPm2Home } from '../../pm2/home.ts';
import { asPm2Home, type Pm2Home } from '../../runtime/brands.ts';
import { distinctPlaces, listDirectory, statOf } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { entryFault } from '../../trust/trust.ts';
import { scriptInLine } from './called-script.ts';
import { startInShell } from './pm2-start.ts';
import { seatOf, type Runner } from './runner.ts';
import { assigned, withVariables } from './shell-variables.ts';
import type { UnclearStart } from './unit-start.ts';

export interface CronLine {
  file: string;
  line: number;
  user: string;
  /** `@reboot`, or five time fields. */
  when: string;
  /** Up to the first unescaped % (crontab(5)). */
  command: string;
  shell: string;
  path: string;
  /** The table has a PATH line, which stands before this job. */
  setsPath: boolean;
  homeDirectory: string;
  /** Set on the line or earlier in the table, or of another user whom the line names; null: the user's default. */
  pm2Home: string | null;
  /** It runs pm2, and as whom or with which PM2_HOME is not known. */
  isUnclear: boolean;
}

/** Debian and Red Hat, SUSE */
const SPOOLS = ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/spool/cron/tabs'];
/** PATH of a cron job: crontab(5), _PATH_DEFPATH. */
export const CRON_PATH = '/usr/bin:/bin';
const MAX_BYTES = 1 << 20;
const MOST_TABLES = 500;
/** Lines of one table whose scripts are looked into. A user's table has room for a hundred thousand. */
const MOST_SCRIPTS = 100;

export interface CronJobs {
  /** They call pm2. */
  lines: CronLine[];
  /** Started at boot; what their scripts start is not known. */
  scripts: UnclearStart[];
}

/** Of all crontabs. Like cron, it skips files of /etc/cron.d that root does not own. */
export function cronJobs(root = ''): CronJobs {
  const system = [
    `${root}/etc/crontab`,
    ...listDirectory(`${root}/etc/cron.d`, MOST_TABLES)
      .filter((name) => isCronName(name, root))
      .map((name) => `${root}/etc/cron.d/${name}`),
  ];
  // Older spools hold directories. Their names are no users, and each would cost a lookup in the name service.
  const tables = distinctPlaces(SPOOLS.map((spool) => root + spool))
    .flatMap((spool) => listDirectory(spool, MOST_TABLES).map((name) => ({ file: join(spool, name), user: name })))
    .filter(({ file }) => isFile(file));
  const users = tables.filter(({ file, user }) => {
    const account = accountByName(user);
    // cron runs it as the user in its name, so only that user or root may own it.
    const owner = statOf(file)?.uid;
    return account !== null && (owner === 0 || owner === account.uid);
  });
  const jobs: CronJobs = { lines: [], scripts: [] };
  for (const file of system.filter(isRoots)) addJobs(jobs, file, null);
  for (const { file, user } of users) addJobs(jobs, file, user);
  return jobs;
}

/** Of the daemon that a line is about. A line that is not understood has the text that stands in it. */
export function pm2HomeOfLine({ pm2Home, homeDirectory }: CronLine): Pm2Home {
  return pm2Home === null ? defaultPm2Home(homeDirectory) : asPm2Home(pm2Home);
}

/** Lines of all crontabs that call pm2. */
export function cronLines(root = ''): CronLine[] {
  return cronJobs(root).lines;
}

/** Debian's cron skips names with a dot. cronie (Red Hat, SUSE, Arch) skips files of packages and editors. */
function isCronName(name: string, root: string): boolean {
  return existsSync(`${root}/etc/debian_version`)
    ? /^[A-Za-z0-9_-]+$/.test(name)
    : !/^[.#]|~$|\.(rpm(save|new|orig)|cfsaved)$/.test(name);
}

function addJobs(jobs: CronJobs, file: string, user: string | null): void {
  let text: string;
  try {
    text = readRegularFile(file, MAX_BYTES).toString('utf8');
  } catch {
    return;
  }
  const env: Record<string, string> = {};
  let left = MOST_SCRIPTS;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value = ''] = /^([A-Za-z_]\w*|"[^"]*"|'[^']*')\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      env[unquoted(name)] = unquoted(value);
      continue;
    }
    const [, when, rest = ''] = /^(@\w+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line) ?? [];
    const [, listed, command = ''] = user === null ? (/^(\S+)\s+(.*)$/.exec(rest) ?? []) : [null, user, rest];
    if (when === undefined || listed === undefined) continue;
    if (!callsPm2(command)) {
      const why = when === '@reboot' && left-- > 0 ? scriptInLine(command) : null;
      const name = `${file}:${index + 1}`;
      if (why !== null) jobs.scripts.push({ name, file, enabled: true, account: accountByName(listed), why });
      continue;
    }
    const typed = command
      .replace(/(?<!\\)%.*$/, '')
      .replaceAll('\\%', '%')
      .trim();
    const homeDirectory = env['HOME'] ?? accountByName(listed)?.homeDirectory ?? '/';
    const by = { user: listed, pm2Home: env['PM2_HOME'] ?? null, homeDirectory, inSession: false };
    const { pm2Home, isUnclear } = pm2HomeOfCommand(typed, by);
    jobs.lines.push({
      file,
      line: index + 1,
      user: listed,
      when: when.replace(/\s+/g, ' '),
      command: typed,
      shell: env['SHELL'] ?? '/bin/sh',
      path: env['PATH'] ?? CRON_PATH,
      setsPath: env['PATH'] !== undefined,
      homeDirectory,
      pm2Home,
      isUnclear,
    });
  }
}

/** Of the daemon that a command starts, else of a call that only mentions one. What is unknown stays as written. */
function pm2HomeOfCommand(
  typed: string,
  by: Runner & { homeDirectory: string },
): Pick<CronLine, 'pm2Home' | 'isUnclear'> {
  const start = startInShell(typed, by);
  const seat = start === null || start === 'unclear' ? null : seatOf(start);
  if (seat !== null) {
    const isUsual = seat.pm2Home === join(by.homeDirectory, '.pm2');
    return { pm2Home: isUsual ? null : seat.pm2Home, isUnclear: false };
  }
  const written = /\bPM2_HOME=(["']?)([^\s"';&|]+)\1/.exec(typed)?.[2];
  if (written === undefined) return { pm2Home: by.pm2Home, isUnclear: start !== null };
  const pm2Home = assigned(by, 'PM2_HOME', withVariables(written, typed, by), true).pm2Home;
  return { pm2Home: pm2Home ?? written, isUnclear: start !== null || /[$`]/.test(pm2Home ?? '') };
}

/** lint covers scripts that call pm2. */
function callsPm2(command: string): boolean {
  return /(^|[\s/;&|("'`])pm2(-runtime)?(?=$|[\s;&|)"'`])/.test(command.replace(/(^|\s)#.*$/, ''));
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** cron runs no system table that others can write. */
function isRoots(file: string): boolean {
  const stat = statOf(file);
  return stat !== null && entryFault(file, stat) === null;
}

function isFile(file: string): boolean {
  return statOf(file)?.isFile() === true;
}
