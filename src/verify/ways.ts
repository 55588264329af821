import type { Account } from '../identity/accounts.ts';
import type { CronLine } from '../host/crontabs.ts';
import type { Facts } from './facts.ts';
import { logsIn, type Person } from './people.ts';
import { fishDirectories, shellAt, shellsOf, startupFile, type Shell } from './shells.ts';
import type { Start } from './start.ts';
import type { Entry, Origin, Way } from './way.ts';

/** The ways in by which somebody gets to pm2 as himself. */
export function ownWays({ account, login }: Person, facts: Facts): Way[] {
  return [...(login ? [...shellWays(account, facts), ...sshWays(account, facts), ...atWays(account, facts)] : []), ...machineWays(account, facts)];
}

/** The startup files of the system, for an account that has none of its own, in every shell there is. */
export function systemShellWays(nobody: Account, facts: Facts): Way[] {
  return facts.shells.map((shell) => shellWay(`${shell.name} login shell`, nobody, shell, ['-l'], facts));
}

function shellWays(account: Account, facts: Facts): Way[] {
  return shellsOf(account, facts.shells).flatMap((shell) => {
    const ways: [string, string[]][] = [[`${shell.name} login shell`, ['-l']]];
    // A terminal on the console, by ssh, in tmux; then one on a desktop, in `docker exec`, after `su` without a dash.
    if (/^(bash|zsh|fish)$/.test(shell.name)) ways.push([`${shell.name} login shell, interactive`, ['-l', '-i']], [`${shell.name}, interactive`, ['-i']]);
    return ways.map(([way, options]) => shellWay(way, account, shell, options, facts));
  });
}

function shellWay(way: string, account: Account, { name, path, language }: Shell, options: string[], facts: Facts): Way {
  const env = { ...facts.login(account), ...(name === 'fish' ? fishDirectories(account) : {}) };
  const entry: Entry = { type: 'shell', language, start: (script) => ({ as: account, argv: [path, ...options, '-c', script], env }) };
  return { way, user: account, target: null, entry, origin: { type: 'shell', shell: name, file: startupFile(name, options.includes('-i')) }, used: true };
}

/** `ssh host pm2 ...`: sshd runs `$SHELL -c`, neither a login shell nor an interactive one. */
function sshWays(account: Account, { ssh }: Facts): Way[] {
  if (ssh === null) return [];
  const { path, name, language } = shellAt(account.shell);
  const env = { ...ssh(account), ...(name === 'fish' ? fishDirectories(account) : {}) };
  return [{ way: 'ssh host pm2', user: account, target: null, used: true, origin: { type: 'ssh' }, entry: { type: 'shell', language, start: (script) => ({ as: account, argv: [path, '-c', script], env }) } }];
}

/**
 * at(1) writes down the environment of the shell in which the job is made, and atd gives it to /bin/sh (at.c, atd.c): so aliases
 * and functions are gone, and exported variables are there. Nothing is put into the queue for this.
 */
function atWays(account: Account, facts: Facts): Way[] {
  if (!facts.at) return [];
  const shell = shellAt(account.shell);
  const { entry, origin } = shellWay('', account, { ...shell, language: 'plain' }, /^(bash|zsh|fish)$/.test(shell.name) ? ['-l', '-i'] : ['-l'], facts);
  return [{ way: 'at job', user: account, target: null, entry, origin, used: false }];
}

/** By which nobody logs in. */
function machineWays(account: Account, { cron, systemd }: Facts): Way[] {
  const ways: [string, Record<string, string> | undefined, Origin][] = [
    ['cron job', cron?.(account), { type: 'cron', table: null }],
    ['systemd service', systemd?.(account), { type: 'systemd' }],
    ['env -i sh', {}, { type: 'none' }],
  ];
  return ways.flatMap(([way, env, origin]) => (env === undefined ? [] : [{ way, user: account, target: null, entry: shEntry(account, env), origin, used: false }]));
}

/** `/bin/sh -c`, in exactly this environment. */
function shEntry(account: Account, env: Readonly<Record<string, string>>, shell = '/bin/sh'): Entry {
  const { language } = shellAt(shell);
  return { type: 'shell', language, start: (script) => ({ as: account, argv: [shell, '-c', script], env }) };
}

/** The lines of crontabs that call pm2 by its name, each with the SHELL, PATH and HOME of the table above it. */
export function cronTableWays(account: Account, lines: readonly CronLine[], { cron }: Facts): Way[] {
  if (cron === null) return [];
  return lines.filter(({ user, command }) => user === account.name && /(^|[\s;&|("'`])pm2(?=$|[\s;&|)"'`])/.test(command)).map(({ file, line, shell, path, userHome }) => ({
    way: `${file}:${line}`, user: account, target: null, used: true,
    origin: { type: 'cron', table: { file, path } },
    entry: shEntry(account, { ...cron(account), SHELL: shell, PATH: path, HOME: userHome }, shell),
  }));
}

/**
 * sudo, as this person may use it: to root, and to the users of the daemons that he looks after. Without a secure_path sudo
 * looks in the caller's own PATH: here that of a fresh login.
 */
export function sudoWays({ account, login, looksAfter }: Person, root: Account, facts: Facts): Way[] {
  const { sudo } = facts;
  if (sudo === null) return [];
  const env = { ...facts.login(account), LC_ALL: 'C' };
  // -n: a password is never asked for. -k: no time stamp of an earlier one is looked at, nor made (sudo(8)).
  const start = (words: readonly string[]): Start => ({ as: account, argv: [sudo, '-k', '-n', ...words], env });
  const program = (options: string[]): Entry => ({
    type: 'program',
    start: (words) => start([...options, '--', ...words]),
    listing: (words) => start(['-l', ...options, '--', ...words]),
  });
  // sudo escapes what it hands to a shell, character by character; eval puts it together again, in that very shell.
  const shell = (options: string[], { language }: Shell): Entry => ({ type: 'shell', language, start: (script) => start([...options, '--', 'eval', script]) });
  const way = (words: string, entry: Entry, target: Account | null = null): Way => ({ way: words, user: account, target, entry, origin: { type: 'sudo' }, used: true });

  return [
    ...(account.uid === 0 ? [] : [way('sudo pm2', program([])), way('sudo -i pm2', shell(['-i'], shellAt(root.shell)))]),
    ...(login ? [way('sudo -s pm2', shell(['-s'], shellAt(account.shell)))] : []),
    ...looksAfter.map((owner) => way(`sudo -u ${owner.name} pm2`, program(['-u', owner.name]), owner)),
    ...looksAfter.filter((owner) => owner.uid !== 0 && logsIn(owner)).map((owner) => way(`sudo -iu ${owner.name} pm2`, shell(['-i', '-u', owner.name], shellAt(owner.shell)), owner)),
  ];
}

/** Root becomes somebody: su keeps the PATH it is typed with, `su -` is a login, runuser starts no shell at all. */
export function rootWays(root: Account, { account, login }: Person, facts: Facts): Way[] {
  if (account.uid === 0) return [];
  const { su, runuser } = facts;
  const env = { ...facts.login(root), LC_ALL: 'C' };
  const start = (argv: readonly string[]): Start => ({ as: root, argv, env });
  const { language } = shellAt(account.shell);
  const way = (words: string, entry: Entry, origin: Origin): Way => ({ way: words, user: root, target: account, entry, origin, used: true });
  const caller: Origin = { type: 'caller' };
  return [
    ...(su === null ? [] : login ? [
      way(`su - ${account.name} -c pm2`, { type: 'shell', language, start: (script) => start([su, '-', account.name, '-c', script]) }, { type: 'shell', shell: shellAt(account.shell).name, file: startupFile(shellAt(account.shell).name, false) }),
      way(`su ${account.name} -c pm2`, { type: 'shell', language, start: (script) => start([su, account.name, '-c', script]) }, caller),
    ] : [
      way(`su -s /bin/sh ${account.name} -c pm2`, { type: 'shell', language: 'posix', start: (script) => start([su, '-s', '/bin/sh', account.name, '-c', script]) }, caller),
    ]),
    ...(runuser === null ? [] : [way(`runuser -u ${account.name} -- pm2`, { type: 'program', listing: null, start: (words) => start([runuser, '-u', account.name, '--', ...words]) }, caller)]),
  ];
}
