import type { Account } from '../identity/accounts.ts';
import type { VerifyFacts } from './facts.ts';
import { machineWays } from './machine-ways.ts';
import type { ProbedUser } from './people.ts';
import { fishDirectories, shellAt, shellsOf, startupFile, type Shell } from './shells.ts';
import type { WayEntry, WayIn } from './way.ts';

/** The ways in by which somebody gets to pm2 as himself. */
export function ownWays({ account, login }: ProbedUser, facts: VerifyFacts): WayIn[] {
  return [
    ...(login ? [...shellWays(account, facts), ...sshWays(account, facts), ...atWays(account, facts)] : []),
    ...machineWays(account, facts),
  ];
}

/** The startup files of the system, for an account that has none of its own, in every shell there is. */
export function systemShellWays(nobody: Account, facts: VerifyFacts): WayIn[] {
  return facts.shells.map((shell) => shellWay(`${shell.name} login shell`, nobody, shell, ['-l'], facts));
}

function shellWays(account: Account, facts: VerifyFacts): WayIn[] {
  return shellsOf(account, facts.shells).flatMap((shell) => {
    const ways: [string, string[]][] = [[`${shell.name} login shell`, ['-l']]];
    // A terminal on the console, by ssh, in tmux; then one on a desktop, in `docker exec`, after `su` without a dash.
    if (/^(bash|zsh|fish)$/.test(shell.name))
      ways.push([`${shell.name} login shell, interactive`, ['-l', '-i']], [`${shell.name}, interactive`, ['-i']]);
    return ways.map(([way, options]) => shellWay(way, account, shell, options, facts));
  });
}

function shellWay(
  way: string,
  account: Account,
  { name, path, language }: Shell,
  options: string[],
  facts: VerifyFacts,
): WayIn {
  const env = { ...facts.login(account), ...(name === 'fish' ? fishDirectories(account) : {}) };
  const entry: WayEntry = {
    type: 'shell',
    language,
    start: (script) => ({ as: account, argv: [path, ...options, '-c', script], env }),
  };
  return {
    way,
    user: account,
    target: null,
    asRoot: account.uid === 0,
    entry,
    origin: {
      type: 'shell',
      shell: name,
      login: options.includes('-l'),
      file: startupFile(name, options.includes('-i')),
    },
    used: true,
  };
}

/** `ssh host pm2 ...`: sshd runs `$SHELL -c`, neither a login shell nor an interactive one. */
function sshWays(account: Account, { ssh }: VerifyFacts): WayIn[] {
  if (ssh === null) return [];
  const { path, name, language } = shellAt(account.shell);
  const env = { ...ssh(account), ...(name === 'fish' ? fishDirectories(account) : {}) };
  return [
    {
      way: 'ssh host pm2',
      user: account,
      target: null,
      asRoot: account.uid === 0,
      used: true,
      origin: { type: 'ssh' },
      entry: { type: 'shell', language, start: (script) => ({ as: account, argv: [path, '-c', script], env }) },
    },
  ];
}

/**
 * at(1) writes down the environment of the shell in which the job is made, and atd gives it to /bin/sh (at.c, atd.c):
 * so aliases and functions are gone, and exported variables are there. Nothing is put into the queue for this.
 */
function atWays(account: Account, facts: VerifyFacts): WayIn[] {
  if (!facts.at) return [];
  const shell = shellAt(account.shell);
  const { entry, origin } = shellWay(
    '',
    account,
    { ...shell, language: 'plain' },
    /^(bash|zsh|fish)$/.test(shell.name) ? ['-l', '-i'] : ['-l'],
    facts,
  );
  return [{ way: 'at job', user: account, target: null, asRoot: account.uid === 0, entry, origin, used: false }];
}
