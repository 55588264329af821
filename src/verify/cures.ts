import { CRON_PATH } from '../host/boot/crontabs.ts';
import type { Account } from '../identity/accounts.ts';
import { SHIMS } from '../install/places.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { shellAt } from './shells.ts';
import type { PathOrigin } from './way.ts';

/** Commands that make calls reach the guard. Names and paths are quoted. */

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
      if (!own) return [rootCommandLine('install')];
      return shellAt(origin.shell).language === 'plain' ? [] : [startupCure(origin, user)];
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
      return [systemdCure(origin.service, origin.path)];
    case 'container':
      return [`echo 'ENV PATH=${SHIMS}:$PATH' >> Dockerfile`];
  }
}

function startupCure({ shell, file }: PathOrigin & { type: 'shell' }, user: Account): string {
  const line = shell === 'fish' ? `set -gx PATH ${SHIMS} $PATH` : `PATH=${SHIMS}:$PATH`;
  const path = file.replace('~', user.homeDirectory);
  return isSelf(user)
    ? `echo '${line}' >> ${quoteCommand([path])}`
    : `echo '${line}' | ${commandLineHere(['sudo', '-u', user.name, 'tee', '-a', path])}`;
}

/** A caller who is not root may have no right to use sudo, and needs none for these files. Root may have come by it. */
function isSelf({ uid }: Account): boolean {
  return uid !== 0 && uid === process.geteuid?.();
}

function cronCure(table: (PathOrigin & { type: 'cron' })['table'], user: Account): string {
  const line = `PATH=${SHIMS}:/usr/local/bin:${CRON_PATH}`;
  // load_env of cron: blanks around the name and the equals sign, and quotes of either kind around the value.
  const edit = quoteCommand([`s|^[[:blank:]]*PATH[[:blank:]]*=[[:blank:]]*["']\\{0,1\\}|&${SHIMS}:|`]);
  const setsPath = table?.setsPath === true;
  if (table !== null && !table.file.includes('/spool/')) {
    const sed = commandLineHere(['sudo', 'sed', '-i']);
    return `${sed} ${setsPath ? edit : `'1i ${line}'`} ${quoteCommand([table.file])}`;
  }
  const crontab = isSelf(user) ? 'crontab' : commandLineHere(['sudo', 'crontab', '-u', user.name]);
  return setsPath ? `${crontab} -l | sed ${edit} | ${crontab} -` : `(echo ${line}; ${crontab} -l) | ${crontab} -`;
}

/** @param path what the service searches now: it may need more of it than pm2 */
function systemdCure(service: string | null, path: string): string {
  const [directory, section, variable, reload] =
    service === null
      ? ['/etc/systemd/system.conf.d', 'Manager', 'DefaultEnvironment', 'daemon-reexec']
      : [`/etc/systemd/system/${service}.d`, 'Service', 'Environment', 'daemon-reload'];
  const value = `${SHIMS}:${path}`.replaceAll('%', '%%'); // a specifier otherwise (systemd.unit(5))
  const setting = /[\s"'\\]/.test(value) ? `"PATH=${value.replace(/["\\]/g, '\\$&')}"` : `PATH=${value}`;
  return (
    `${commandLineHere(['sudo', 'mkdir', '-p', directory])} && ` +
    `printf '[${section}]\\n${variable}=%s\\n' ${quoteCommand([setting])} | ` +
    `${commandLineHere(['sudo', 'tee', `${directory}/pm2-guard.conf`])} && ` +
    commandLineHere(['sudo', 'systemctl', reload])
  );
}
