import { describe, expect, it } from 'vitest';
import { homeDirectories } from '../../src/identity/callers-paths.ts';
import { crossing, dropOwnVariables, ownersEnvironment, SYSTEM_PATH } from '../../src/identity/environment.ts';
import { losesPrivilegesSafely } from '../../src/identity/switch-user.ts';

const owner = { user: 'www-data', homeDirectory: '/var/www', shell: '/usr/sbin/nologin' };
const callers = homeDirectories(['/root'], owner.homeDirectory);
const how = { homeDirectories: callers, typed: new Set<string>(), handsOver: true };
const become = (env: NodeJS.ProcessEnv) => ownersEnvironment(crossing(env, how).variables, owner, SYSTEM_PATH);
const IDENTITY = {
  HOME: '/var/www',
  USER: 'www-data',
  LOGNAME: 'www-data',
  SHELL: '/usr/sbin/nologin',
  MAIL: '/var/mail/www-data',
  PATH: SYSTEM_PATH,
};

describe("the environment of a call that becomes the owner's", () => {
  it("is the owner's identity and nothing else, out of everything that root and sudo have", () => {
    // As sudo-rs tests it: what is expected is taken away, and then nothing may be left.
    const left: NodeJS.ProcessEnv = become({
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      SHELL: '/bin/bash',
      MAIL: '/var/mail/root',
      USERNAME: 'root',
      PATH: '/root/bin:/usr/bin',
      OLDPWD: '/root',
      SHLVL: '2',
      SUDO_USER: 'deploy',
      SUDO_UID: '1001',
      SUDO_GID: '1001',
      SUDO_COMMAND: '/usr/bin/pm2',
      SUDO_HOME: '/home/deploy',
      SUDO_ASKPASS: '/x',
      SUDO_PROMPT: 'p',
      XDG_RUNTIME_DIR: '/run/user/0',
      XDG_SESSION_ID: '3',
      XDG_CONFIG_HOME: '/x',
      SSH_AUTH_SOCK: '/tmp/ssh/agent',
      SSH_CONNECTION: 'a b',
      SSH_TTY: '/dev/pts/0',
      SSH_AGENT_PID: '1',
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/0/bus',
      DISPLAY: ':0',
      XAUTHORITY: '/x',
      KRB5CCNAME: 'x',
      NVM_DIR: '/root/.nvm',
      NVM_BIN: '/root/.nvm/x',
      VOLTA_HOME: '/x',
      RUNNER_TRACKING_ID: 'github',
      JENKINS_NODE_COOKIE: 'x',
      JENKINS_SERVER_COOKIE: 'x',
      HUDSON_COOKIE: 'x',
      BUILD_ID: '7',
      NOTIFY_SOCKET: '/run/systemd/notify',
      LISTEN_FDS: '1',
      LISTEN_PID: '1',
      INVOCATION_ID: 'x',
      JOURNAL_STREAM: '8:1',
      WATCHDOG_USEC: '1',
      PM2_GUARD: 'off',
      PM2_GUARD_CONFIG: '/x',
      PM2_GUARD_HOPS: '1',
      TMPDIR: '/tmp/user/0',
      npm_config_cache: '/root/.npm',
      RUNTIME: '/run/user/0/x',
      HISTFILE: '/root/.bash_history',
    });
    for (const [name, value] of Object.entries(IDENTITY)) {
      expect(left[name]).toBe(value);
      Reflect.deleteProperty(left, name);
    }
    expect(left).toEqual({});
  });

  it("keeps what is the application's", () => {
    const application = {
      NODE_ENV: 'production',
      PORT: '3000',
      LANG: 'C.UTF-8',
      LC_ALL: 'C',
      TZ: 'UTC',
      TERM: 'xterm',
      NODE_OPTIONS: '--max-old-space-size=512',
      EMPTY: '',
      'a.b': '1',
      ROOTED: '/rooted',
      PWD: '/srv/app',
      CI: 'true',
      DATABASE_URL: 'postgres://root@/x',
    };
    expect(become({ ...application, HOME: '/root' })).toEqual({ ...application, ...IDENTITY });
  });

  it("does not change the caller's own", () => {
    const env = { HOME: '/root', NODE_ENV: 'x' };
    become(env);
    expect(env).toEqual({ HOME: '/root', NODE_ENV: 'x' });
  });
});

describe('a passed call', () => {
  it('loses our variables and no other', () => {
    const env: NodeJS.ProcessEnv = {
      PM2_GUARD: 'off',
      PM2_GUARD_CONFIG: '/x',
      PM2_GUARDIAN: 'theirs',
      PM2_HOME: '/x',
      SUDO_USER: 'deploy',
      HOME: '/root',
    };
    dropOwnVariables(env);
    expect(env).toEqual({ PM2_GUARDIAN: 'theirs', PM2_HOME: '/x', SUDO_USER: 'deploy', HOME: '/root' });
  });
});

describe('CVE-2024-22017: io_uring keeps root after setuid()', () => {
  it.each([
    ['18.18.0', '1.44.2'],
    ['18.19.0', '1.44.2'],
    ['20.3.0', '1.45.0'],
    ['20.11.0', '1.46.0'],
    ['21.0.0', '1.46.0'],
    ['21.6.1', '1.47.0'],
    // the distribution's libuv, and a node that does not look
    ['18.19.1', '1.48.0'],
    ['18.20.4', '1.45.0'],
    ['19.9.0', '1.46.0'],
    ['20.2.0', '1.48.0'],
  ])('does not switch in node %s with libuv %s', (node, uv) => {
    expect(losesPrivilegesSafely({ node, uv })).toBe(false);
  });

  it.each([
    ['18.17.1', '1.44.2'],
    ['18.19.1', '1.44.2'],
    ['18.20.8', '1.44.2'],
    ['18.20.4', '1.49.0'],
    ['18.20.4', '1.51.0'],
    ['20.2.0', '1.44.2'],
    // these look themselves, and refuse where it could happen
    ['20.11.1', '1.46.0'],
    ['20.19.2', '1.50.0'],
    ['20.20.2', '1.46.0'],
    ['21.6.2', '1.47.0'],
    ['22.0.0', '1.48.0'],
    ['24.1.0', '1.50.0'],
    ['26.0.0', '1.52.0'],
  ])('switches in node %s with libuv %s', (node, uv) => {
    expect(losesPrivilegesSafely({ node, uv })).toBe(true);
  });

  it('does not switch where UV_USE_IO_URING turns on what a later libuv has off', () => {
    const versions = { node: '18.20.4', uv: '1.49.2' };
    expect(losesPrivilegesSafely(versions, '1')).toBe(false);
    expect(losesPrivilegesSafely(versions, '0')).toBe(true);
    expect(losesPrivilegesSafely({ node: '18.20.8', uv: '1.44.2' }, '1')).toBe(true);
  });
});
