import type { Account } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { SHIMS } from '../install/places.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { PathOrigin } from './way.ts';

/** What is to be typed so that a way leads to the guard. Names and paths are somebody's, and quoted. */

const INSTALL = 'sudo pm2-guard install';
/** crontab(5). */
export const CRON_DEFAULT_PATH = '/usr/bin:/bin';

/** Makes the real pm2 a door. Where a version manager keeps it below its user's home, in the user's name. */
export function sealCure(path: string, user: Account | null): string {
  if (user !== null && user.uid !== 0 && path.startsWith(`${user.home}/`))
    return quoteCommand(['sudo', 'pm2-guard', 'seal', '--user', user.name]);
  return quoteCommand(['sudo', 'pm2-guard', 'seal', ...(/^\/(usr|opt)\//.test(path) ? [] : ['--path', path])]);
}

/** For an app that has a pm2 of its own. @param directory that of its node_modules */
export function appCures(directory: string): string[] {
  return [
    quoteCommand(['npm', '--prefix', directory, 'uninstall', 'pm2']),
    quoteCommand(['sudo', 'pm2-guard', 'seal', '--path', `${directory}/node_modules/pm2`]),
  ];
}

/** Finds the line that tells the guard to keep out. */
export function offCure({ home }: Account): string {
  return (
    `${quoteCommand(['grep', '-rns', 'PM2_GUARD', home])}/.[a-z]* /etc/profile* /etc/environment /etc/zsh ` +
    '/etc/bash.bashrc'
  );
}

/** What puts the guard into the PATH of a way. @param own it is the user's own startup files that have the last word */
export function pathCures(origin: PathOrigin, user: Account, own: boolean): string[] {
  switch (origin.type) {
    case 'shell':
      return own ? [startupCure(origin, user)] : [INSTALL];
    case 'sudo':
    case 'caller':
    case 'none':
      return [INSTALL];
    case 'ssh':
      return own ? [] : [INSTALL]; // what stands at the end of a .bashrc is not reached without a terminal
    case 'cron':
      return [cronCure(origin.table, user)];
    case 'systemd':
      return [systemdCure(origin.service)];
    case 'container':
      return [`echo 'ENV PATH=${SHIMS}:$PATH' >> Dockerfile`];
  }
}

function startupCure({ shell, file }: PathOrigin & { type: 'shell' }, { name, home }: Account): string {
  const line = shell === 'fish' ? `set -gx PATH ${SHIMS} $PATH` : `PATH=${SHIMS}:$PATH`;
  return `echo '${line}' | ${quoteCommand(['sudo', '-u', name, 'tee', '-a', file.replace('~', home)])}`;
}

/** A line at the top of a table that sets no PATH; before what is there in one that does, inside its quotes. */
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
