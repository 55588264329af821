import type { Account } from '../identity/accounts.ts';
import type { VerifyFacts } from './facts.ts';
import { logsIn, type ProbedUser } from './people.ts';
import { shellAt, startupFile, type Shell } from './shells.ts';
import type { ShellStart } from './start.ts';
import type { WayEntry, PathOrigin, WayIn } from './way.ts';

/** Without a secure_path, sudo searches the caller's PATH: here that of a fresh login. */
export function sudoWays({ account, login, looksAfter }: ProbedUser, root: Account, facts: VerifyFacts): WayIn[] {
  const { sudo } = facts;
  if (sudo === null) return [];
  const env = { ...facts.login(account), LC_ALL: 'C' };
  // -n: no password prompt. -k: ignores and keeps cached credentials (sudo(8)).
  const start = (words: readonly string[]): ShellStart => ({ as: account, argv: [sudo, '-k', '-n', ...words], env });
  const program = (options: string[]): WayEntry => ({
    type: 'program',
    start: (words) => start([...options, '--', ...words]),
    listing: (words) => start(['-l', ...options, '--', ...words]),
  });
  // sudo escapes each character for the shell; eval joins the text again.
  const shell = (options: string[], { language }: Shell): WayEntry => ({
    type: 'shell',
    language,
    start: (script) => start([...options, '--', 'eval', script]),
  });
  const way = (words: string, entry: WayEntry, target: Account | null = null): WayIn => ({
    way: words,
    user: account,
    target,
    asRoot: target === null || target.uid === 0,
    entry,
    origin: { type: 'sudo' },
    used: true,
  });

  return [
    ...(account.uid === 0
      ? []
      : [way('sudo pm2', program([])), way('sudo -i pm2', shell(['-i'], shellAt(root.shell)))]),
    ...(login ? [way('sudo -s pm2', shell(['-s'], shellAt(account.shell)))] : []),
    ...looksAfter.map((owner) => way(`sudo -u ${owner.name} pm2`, program(['-u', owner.name]), owner)),
    ...looksAfter
      .filter((owner) => owner.uid !== 0 && logsIn(owner))
      .map((owner) => way(`sudo -iu ${owner.name} pm2`, shell(['-i', '-u', owner.name], shellAt(owner.shell)), owner)),
  ];
}

/** su keeps PATH, `su -` is a login, runuser starts no shell. */
export function rootWays(root: Account, { account, login }: ProbedUser, facts: VerifyFacts): WayIn[] {
  if (account.uid === 0) return [];
  const { su, runuser } = facts;
  const env = { ...facts.login(root), LC_ALL: 'C' };
  const start = (argv: readonly string[]): ShellStart => ({ as: root, argv, env });
  const { language } = shellAt(account.shell);
  const way = (words: string, entry: WayEntry, origin: PathOrigin): WayIn => ({
    way: words,
    user: root,
    target: account,
    asRoot: false,
    entry,
    origin,
    used: true,
  });
  const caller: PathOrigin = { type: 'caller' };
  return [
    ...(su === null
      ? []
      : login
        ? [
            way(
              `su - ${account.name} -c pm2`,
              { type: 'shell', language, start: (script) => start([su, '-', account.name, '-c', script]) },
              {
                type: 'shell',
                shell: shellAt(account.shell).name,
                login: true,
                file: startupFile(shellAt(account.shell).name, account, { login: true, interactive: false }),
              },
            ),
            way(
              `su ${account.name} -c pm2`,
              { type: 'shell', language, start: (script) => start([su, account.name, '-c', script]) },
              caller,
            ),
          ]
        : [
            way(
              `su -s /bin/sh ${account.name} -c pm2`,
              {
                type: 'shell',
                language: 'posix',
                start: (script) => start([su, '-s', '/bin/sh', account.name, '-c', script]),
              },
              caller,
            ),
          ]),
    ...(runuser === null
      ? []
      : [
          way(
            `runuser -u ${account.name} -- pm2`,
            { type: 'program', listing: null, start: (words) => start([runuser, '-u', account.name, '--', ...words]) },
            caller,
          ),
        ]),
  ];
}
