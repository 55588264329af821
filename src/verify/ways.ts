import type { Account } from '../identity/accounts.ts';
import type { VerifyFacts } from './facts.ts';
import { machineWays } from './machine-ways.ts';
import type { ProbedUser } from './people.ts';
import { fishDirectories, shellAt, shellsOf, startupFile, type Shell } from './shells.ts';
import type { WayEntry, WayIn } from './way.ts';

export function ownWays({ account, login }: ProbedUser, facts: VerifyFacts): WayIn[] {
  return [
    ...(login ? [...shellWays(account, facts), ...sshWays(account, facts), ...atWays(account, facts)] : []),
    ...machineWays(account, facts),
  ];
}

export function systemShellWays(account: Account, facts: VerifyFacts): WayIn[] {
  return facts.shells.map((shell) => shellWay(`${shell.name} login shell`, account, shell, ['-l'], facts));
}

function shellWays(account: Account, facts: VerifyFacts): WayIn[] {
  return shellsOf(account, facts.shells).flatMap((shell) => {
    const ways: [string, string[]][] = [[`${shell.name} login shell`, ['-l']]];
    // Interactive login: console, ssh, tmux. Interactive only: desktop, `docker exec`, plain `su`.
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
  const [login, interactive] = [options.includes('-l'), options.includes('-i')];
  return {
    way,
    user: account,
    target: null,
    asRoot: account.uid === 0,
    entry,
    origin: { type: 'shell', shell: name, login, file: startupFile(name, account, { login, interactive }) },
    used: true,
  };
}

/** sshd runs `$SHELL -c`: neither a login nor an interactive shell. */
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

/** at(1) stores the shell's environment for /bin/sh (at.c, atd.c), without aliases. No job is queued here. */
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
