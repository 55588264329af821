/** The environment of a call that becomes another user's. Pure: environments in, environments out. */

/** The account the call becomes. */
export interface Owner {
  user: string;
  userHome: string;
  shell: string;
}

/** What every login gets and sudo's own `secure_path` holds on Debian (sudoers(5)); /usr/local first, where the shim is. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Variables that say who, where from or in which session somebody works. They are the caller's and not the app's:
 * PM2 stores the whole environment of its command line in the app and in dump.pm2 (lib/API.js prepareAppConf).
 * Lists and no regular expressions, which each rewritten call would have to compile: half a millisecond.
 */
const IDENTITY = [
  'HOME', 'USER', 'LOGNAME', 'USERNAME', 'SHELL', 'MAIL', 'OLDPWD', 'SHLVL', 'HISTFILE', 'TMUX', 'TMUX_PANE', 'STY', 'LS_COLORS', 'PS1', 'PROMPT_COMMAND',
  'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'GPG_AGENT_INFO', 'GPG_TTY', 'KRB5CCNAME', 'COLORTERM', 'WINDOWID',
  // systemd's words to one service's main process (systemd.exec(5)): sd_notify from an app would speak for that service.
  'NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'INVOCATION_ID', 'JOURNAL_STREAM', 'SYSTEMD_EXEC_PID', 'CREDENTIALS_DIRECTORY', 'MAINPID',
];
/** Likewise, what begins so; version managers live in their user's home. */
const IDENTITY_PREFIXES = ['SUDO_', 'XDG_', 'SSH_', 'DBUS_', 'NVM_', 'VOLTA_', 'FNM_', 'ASDF_', 'MISE_'];

/**
 * By these a CI runner finds "its" processes at the end of a job, and kills them (T39): GitHub's runner looks for
 * RUNNER_TRACKING_ID, Jenkins' ProcessTreeKiller for its cookies and BUILD_ID.
 */
const CI_LEASHES = ['RUNNER_TRACKING_ID', 'JENKINS_NODE_COOKIE', 'JENKINS_SERVER_COOKIE', 'HUDSON_COOKIE', 'HUDSON_SERVER_COOKIE', 'BUILD_ID'];

/** The variables by which a CI runner would end whatever has this environment; those that tell it not to (`BUILD_ID=dontKillMe`) are none. */
export function ciLeashes(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).filter(([name, value]) => CI_LEASHES.includes(name) && !/^(0|dont.*)?$/i.test(value)).map(([name]) => name);
}

/** Ours. PM2 would store them with the app (PRODUCT section 7.3). */
function isOurs(name: string): boolean {
  return name === 'PM2_GUARD' || name.startsWith('PM2_GUARD_');
}

/** Takes our own variables out of `env`, in place. */
export function dropOwnVariables(env: NodeJS.ProcessEnv): void {
  drop(env, isOurs);
}

/**
 * Takes sudo's variables out of `env`, in place. `sudo -u www-data pm2 restart app --update-env` would store in the app, and
 * in dump.pm2, who typed which command when.
 */
export function dropSudoVariables(env: NodeJS.ProcessEnv): void {
  drop(env, (name) => name.startsWith('SUDO_'));
}

function drop(env: NodeJS.ProcessEnv, goes: (name: string) => boolean): void {
  for (const name of Object.keys(env)) if (goes(name)) Reflect.deleteProperty(env, name);
}

/**
 * The environment for a call that becomes `owner`: identity is the owner's, what belonged to the caller is gone,
 * application variables (`NODE_ENV=production pm2 restart app --update-env`) stay.
 *
 * @param env the caller's; not changed
 * @param callerHome the caller's passwd home: a variable that is a path below it is the caller's, whatever its name
 * @param path the owner's PATH; it must find the node that runs pm2, because PM2 5 spawns its daemon with whatever `node`
 *   PATH finds (lib/Client.js launchDaemon)
 */
export function ownersEnvironment(env: NodeJS.ProcessEnv, owner: Owner, callerHome: string | null, path: string): NodeJS.ProcessEnv {
  return {
    ...applicationVariables(env, callerHome),
    HOME: owner.userHome,
    USER: owner.user,
    LOGNAME: owner.user,
    SHELL: owner.shell,
    MAIL: `/var/mail/${owner.user}`,
    PATH: path,
  };
}

/** What is left of an environment without its user: neither identity, nor PATH, nor ours, nor what leads into that user's home. */
export function applicationVariables(env: NodeJS.ProcessEnv, callerHome: string | null): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name === 'PATH' || isOurs(name) || CI_LEASHES.includes(name)) continue;
    if (saysWho(name) || pointsInto(value, callerHome)) continue;
    result[name] = value;
  }
  return result;
}

function saysWho(name: string): boolean {
  return IDENTITY.includes(name) || IDENTITY_PREFIXES.includes(name.slice(0, name.indexOf('_') + 1));
}

/** Session directories of a user, and the home itself: /run/user/0, pam_tmpdir's /tmp/user/0. */
function pointsInto(value: string, home: string | null): boolean {
  if (value.includes('/user/') && /^\/(run|tmp)\/user\/\d+(\/|$)/.test(value)) return true;
  return home !== null && home !== '/' && (value === home || value.startsWith(`${home}/`));
}
