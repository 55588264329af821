import type { Account } from '../identity/accounts.ts';
import type { CronLine } from '../host/boot/crontabs.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { VerifyFacts } from './facts.ts';
import type { Pm2Service } from './services.ts';
import { shellAt } from './shells.ts';
import { callsByName, type WayEntry, type PathOrigin, type WayIn } from './way.ts';

/** Environments that no shell sets up. */
export function machineWays(account: Account, { cron, systemd, container }: VerifyFacts): WayIn[] {
  const ways: [string, Record<string, string> | undefined, PathOrigin][] = [
    ['cron job', cron?.(account), { type: 'cron', table: null }],
    ['systemd service', systemd?.(account), systemdOrigin(null, systemd?.(account))],
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

/** Crontab lines that call pm2 by name, with the variables of their table. */
export function cronTableWays(account: Account, lines: readonly CronLine[], { cron }: VerifyFacts): WayIn[] {
  if (cron === null) return [];
  return lines
    .filter(({ user, command }) => user === account.name && callsByName(command))
    .map(({ file, line, shell, path, setsPath, homeDirectory }) => ({
      way: `${file}:${line}`,
      user: account,
      target: null,
      asRoot: account.uid === 0,
      used: true,
      origin: { type: 'cron', table: { file, path, setsPath } },
      entry: shEntry(account, { ...cron(account), SHELL: shell, PATH: path, HOME: homeDirectory }, shell),
    }));
}

/** Each with its own Environment= over the defaults. */
export function serviceWays(account: Account, services: readonly Pm2Service[], { systemd }: VerifyFacts): WayIn[] {
  if (systemd === null) return [];
  return services
    .filter(({ user }) => user === account.name)
    .map(({ name, env }) => ({ name, env: { ...systemd(account), ...env } }))
    .map(({ name, env }) => ({
      way: name,
      user: account,
      target: null,
      asRoot: account.uid === 0,
      used: true,
      origin: systemdOrigin(name, env),
      entry: shEntry(account, env),
    }));
}

function systemdOrigin(service: string | null, env: Readonly<Record<string, string>> | undefined): PathOrigin {
  return { type: 'systemd', service, path: env?.['PATH'] ?? SYSTEM_PATH };
}

function shEntry(account: Account, env: Readonly<Record<string, string>>, shell = '/bin/sh'): WayEntry {
  const { language } = shellAt(shell);
  return { type: 'shell', language, start: (script) => ({ as: account, argv: [shell, '-c', script], env }) };
}
