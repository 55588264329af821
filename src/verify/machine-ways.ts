import type { Account } from '../identity/accounts.ts';
import type { CronLine } from '../host/crontabs.ts';
import { callsByName } from './command.ts';
import type { VerifyFacts } from './facts.ts';
import type { Pm2Service } from './services.ts';
import { shellAt } from './shells.ts';
import type { WayEntry, PathOrigin, WayIn } from './way.ts';

/** In environments that no shell has set, and by which nobody logs in. */
export function machineWays(account: Account, { cron, systemd, container }: VerifyFacts): WayIn[] {
  const ways: [string, Record<string, string> | undefined, PathOrigin][] = [
    ['cron job', cron?.(account), { type: 'cron', table: null }],
    ['systemd service', systemd?.(account), { type: 'systemd', service: null }],
    ['docker exec', container?.(account), { type: 'container' }],
    ['env -i sh', {}, { type: 'none' }],
  ];
  return ways.flatMap(([way, env, origin]) =>
    env === undefined
      ? []
      : [
          {
            way,
            user: account,
            target: null,
            asRoot: account.uid === 0,
            entry: shEntry(account, env),
            origin,
            used: false,
          },
        ],
  );
}

/** The lines of crontabs that call pm2 by its name, each with the SHELL, PATH and HOME of the table above it. */
export function cronTableWays(account: Account, lines: readonly CronLine[], { cron }: VerifyFacts): WayIn[] {
  if (cron === null) return [];
  return lines
    .filter(({ user, command }) => user === account.name && callsByName(command))
    .map(({ file, line, shell, path, userHome }) => ({
      way: `${file}:${line}`,
      user: account,
      target: null,
      asRoot: account.uid === 0,
      used: true,
      origin: { type: 'cron', table: { file, path } },
      entry: shEntry(account, { ...cron(account), SHELL: shell, PATH: path, HOME: userHome }, shell),
    }));
}

/** Services that call pm2 by its name, each with its own Environment= over what every service has. */
export function serviceWays(account: Account, services: readonly Pm2Service[], { systemd }: VerifyFacts): WayIn[] {
  if (systemd === null) return [];
  return services
    .filter(({ user }) => user === account.name)
    .map(({ name, env }) => ({
      way: name,
      user: account,
      target: null,
      asRoot: account.uid === 0,
      used: true,
      origin: { type: 'systemd', service: name },
      entry: shEntry(account, { ...systemd(account), ...env }),
    }));
}

/** `/bin/sh -c`, in exactly this environment. */
function shEntry(account: Account, env: Readonly<Record<string, string>>, shell = '/bin/sh'): WayEntry {
  const { language } = shellAt(shell);
  return { type: 'shell', language, start: (script) => ({ as: account, argv: [shell, '-c', script], env }) };
}
