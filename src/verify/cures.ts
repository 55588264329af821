import type { Account } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { SHIMS } from '../install/places.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { PathOrigin } from './way.ts';

/** Commands that make calls reach the guard. Names and paths are quoted. */

/** crontab(5). */
export const CRON_DEFAULT_PATH = '/usr/bin:/bin';

/** A pm2 of a version manager is sealed with its user's rights. */
export function sealCure(path: string, user: Account | null): string {
  if (user !== null && user.uid !== 0 && path.startsWith(`${user.homeDirectory}/`))
    return rootCommandLine('seal', '--user', user.name);
  return rootCommandLine('seal', ...(/^\/(usr|opt)\//.test(path) ? [] : ['--path', path]));
}

/** @param directory parent directory of node_modules */
export function appCures(directory: string): string[] {
  return [
    quoteCommand(['npm', '--prefix', directory, 'uninstall', 'pm2']),
    rootCommandLine('seal', '--path', `${directory}/node_modules/pm2`),
  ];
}

export function offCure({ homeDirectory }: Account): string {
  return (
    `${quoteCommand(['grep', '-rns', 'PM2_GUARD', homeDirectory])}/.[a-z]* /etc/profile* /etc/environment /etc/zsh ` +
    '/etc/bash.bashrc'
  );
}

/** @param own whether the user's startup files set the PATH */
export function pathCures(origin: PathOrigin, user: Account, own: boolean): string[] {
  switch (origin.type) {
    case 'shell':
      return own ? [startupCure(origin, user)] : [rootCommandLine('install')];
    case 'sudo':
    case 'becoming':
    case 'caller':
    case 'none':
      return [rootCommandLine('install')];
    case 'ssh':
      return own ? [] : [rootCommandLine('install')]; // the end of .bashrc is not reached without a terminal
    case 'cron':
      return [cronCure(origin.table, user)];
    case 'systemd':
      return [systemdCure(origin.service)];
    case 'container':
      return [`echo 'ENV PATH=${SHIMS}:$PATH' >> Dockerfile`];
  }
}

function startupCure({ shell, file }: PathOrigin & { type: 'shell' }, { name, homeDirectory }: Account): string {
  const line = shell === 'fish' ? `set -gx PATH ${SHIMS} $PATH` : `PATH=${SHIMS}:$PATH`;
  return `echo '${line}' | ${quoteCommand(['sudo', '-u', name, 'tee', '-a', file.replace('~', homeDirectory)])}`;
}

function cronCure(table: (PathOrigin & { type: 'cron' })['table'], { name }: Account): string {
  const line = `PATH=${SHIMS}:/usr/local/bin:${CRON_DEFAULT_PATH}`;
  const edit = table === null || table.path === CRON_DEFAULT_PATH ? null : `'s|^PATH *= *["]*|&${SHIMS}:|'`;
  if (table !== null && !table.file.includes('/spool/'))
    return `sudo sed -i ${edit ?? `'1i ${line}'`} ${quoteCommand([table.file])}`;
  const crontab = quoteCommand(['sudo', 'crontab', '-u', name]);
  return edit === null ? `(echo ${line}; ${crontab} -l) | ${crontab} -` : `${crontab} -l | sed ${edit} | ${crontab} -`;
}

function systemdCure(service: string | null): string {
  const [directory, text, reload] =
    service === null
      ? ['/etc/systemd/system.conf.d', '[Manager]\\nDefaultEnvironment=PATH', 'daemon-reexec']
      : [`/etc/systemd/system/${service}.d`, '[Service]\\nEnvironment=PATH', 'daemon-reload'];
  return (
    `${quoteCommand(['sudo', 'mkdir', '-p', directory])} && printf '${text}=%s\\n' ${SHIMS}:${SYSTEM_PATH} | ` +
    `${quoteCommand(['sudo', 'tee', `${directory}/pm2-guard.conf`])} && sudo systemctl ${reload}`
  );
}
