import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsCallersPath, homeDirectories } from '../../src/identity/callers-paths.ts';
import { applicationVariables, ciProcessMarks, crossing } from '../../src/identity/environment.ts';
import { runs } from '../random-runs.ts';

const callers = homeDirectories(['/root'], '/var/www');
const how = { homeDirectories: callers, typed: new Set<string>(), handsOver: true };
const crossed = (env: NodeJS.ProcessEnv) => Object.keys(crossing(env, how).variables);

describe('general names go only with what they belong to', () => {
  it.each<[string, NodeJS.ProcessEnv, string[]]>([
    ['a virtual screen', { DISPLAY: ':99' }, ['DISPLAY']],
    ["a person's screen", { DISPLAY: ':0', XAUTHORITY: '/tmp/xauth-1' }, []],
    [
      "names that only begin as sshd's",
      { SSH_HOST: 'db', SSH_PRIVATE_KEY_FILE: '/srv/k', SSH_TTY: '/dev/pts/1' },
      ['SSH_HOST', 'SSH_PRIVATE_KEY_FILE'],
    ],
    [
      "names that only begin as D-Bus's",
      { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/run/dbus/x', DBUS_SESSION_BUS_PID: '7' },
      ['DBUS_SYSTEM_BUS_ADDRESS'],
    ],
    [
      'a build id of the app',
      { BUILD_ID: '12', JOB_NAME: 'import', WORKSPACE: '/srv/w' },
      ['BUILD_ID', 'JOB_NAME', 'WORKSPACE'],
    ],
    [
      'a build id of Jenkins',
      {
        BUILD_ID: '12',
        JOB_NAME: 'x',
        WORKSPACE: '/srv/w',
        JENKINS_URL: 'http://ci',
        BUILD_USER_EMAIL: 'a@b',
        GIT_COMMIT: 'c0ffee',
      },
      ['GIT_COMMIT'],
    ],
    [
      'an app that works with GitHub',
      { GITHUB_CLIENT_ID: 'x', GITHUB_WEBHOOK_SECRET: 'y' },
      ['GITHUB_CLIENT_ID', 'GITHUB_WEBHOOK_SECRET'],
    ],
    [
      'a job of GitHub',
      { GITHUB_ACTIONS: 'true', GITHUB_SHA: 'x', RUNNER_OS: 'Linux', ACTIONS_CACHE_URL: 'u', CI: 'true' },
      ['CI'],
    ],
    [
      'tokens of a job, without the job',
      {
        GITHUB_TOKEN: 'a',
        CI_JOB_TOKEN: 'b',
        SYSTEM_ACCESSTOKEN: 'c',
        BITBUCKET_STEP_OIDC_TOKEN: 'd',
        GITLAB_TOKEN: 'e',
        APP_TOKEN: 'f',
      },
      ['APP_TOKEN'],
    ],
    ['GitLab', { GITLAB_CI: 'true', CI_COMMIT_SHA: 'x', GITLAB_USER_EMAIL: 'a@b', CI: 'true' }, ['CI']],
    ['no GitLab', { CI_COMMIT_SHA: 'x' }, ['CI_COMMIT_SHA']],
    [
      'Azure',
      { TF_BUILD: 'True', AGENT_ID: '1', SYSTEM_TEAMPROJECT: 'p', BUILD_SOURCEVERSION: 'v', PORT: '1' },
      ['PORT'],
    ],
    ['no Azure', { AGENT_NAME: 'bond', SYSTEM_NAME: 's' }, ['AGENT_NAME', 'SYSTEM_NAME']],
    [
      'other runners',
      {
        CIRCLECI: 'true',
        CIRCLE_SHA1: 'x',
        TRAVIS: 'true',
        TRAVIS_TAG: 'y',
        DRONE: 'true',
        DRONE_TAG: 'z',
        TEAMCITY_VERSION: '1',
        BUILD_NUMBER: '4',
        BITBUCKET_BUILD_NUMBER: '1',
        BITBUCKET_TAG: 't',
        BUILDKITE: 'true',
        BUILDKITE_TAG: 't',
      },
      [],
    ],
    ['a service', { INVOCATION_ID: 'x', STATE_DIRECTORY: '/var/lib/hook', EXIT_CODE: '1' }, []],
    ['no service', { STATE_DIRECTORY: '/var/lib/app', REMOTE_ADDR: '10.0.0.1' }, ['STATE_DIRECTORY', 'REMOTE_ADDR']],
    [
      'settings beside credentials',
      { AWS_REGION: 'eu', AWS_ACCESS_KEY_ID: 'x', VAULT_ADDR: 'u', VAULT_TOKEN: 't', PGHOST: 'h', PGPASSWORD: 'p' },
      ['AWS_REGION', 'VAULT_ADDR', 'PGHOST'],
    ],
  ])('%s', (_, env, expected) => {
    expect(crossed(env)).toEqual(expected);
  });

  it('credentials are named where they are left out, and nothing else is', () => {
    expect(crossing({ KUBECONFIG: '/srv/k', SHLVL: '1', GITHUB_TOKEN: 'x', PORT: '1' }, how).leftOut).toEqual([
      'KUBECONFIG',
    ]);
    expect(crossing({ KUBECONFIG: '/srv/k' }, { ...how, handsOver: false }).leftOut).toEqual([]);
  });

  it('an app that moves keeps what was stored with it', () => {
    expect(
      applicationVariables(
        { AWS_SECRET_ACCESS_KEY: 'k', GITHUB_TOKEN: 't', SSH_TTY: '/dev/pts/1', LOGS: '/home/al/x' },
        '/home/al',
      ),
    ).toEqual({ AWS_SECRET_ACCESS_KEY: 'k', GITHUB_TOKEN: 't' });
  });

  it('leashes of CI runners', () => {
    expect(
      ciProcessMarks({
        BUILD_ID: '7',
        VSTS_PROCESS_LOOKUP_ID: 'vsts_1',
        JENKINS_NODE_COOKIE: 'dontKillMe',
        HUDSON_COOKIE: '',
      }),
    ).toEqual(['BUILD_ID', 'VSTS_PROCESS_LOOKUP_ID']);
  });
});

describe('a command that hands nothing to apps', () => {
  const listing = { ...how, handsOver: false };
  it("takes the language, the terminal and PM2's switches along", () => {
    const plain = {
      LANG: 'de_DE.UTF-8',
      LC_TIME: 'C',
      TZ: 'UTC',
      TERM: 'xterm',
      COLUMNS: '80',
      LINES: '24',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      PM2_SILENT: 'true',
    };
    expect(
      crossing(
        {
          ...plain,
          VAULT_TOKEN: 's',
          STRIPE_KEY: 'x',
          NODE_ENV: 'production',
          PWD: '/srv',
          NODE_OPTIONS: '--no-warnings',
        },
        listing,
      ).variables,
    ).toEqual(plain);
  });
  it('and what was typed', () => {
    expect(crossing({ NODE_ENV: 'x', A: '1' }, { ...listing, typed: new Set(['A']) }).variables).toEqual({ A: '1' });
  });
});

describe('random environments', () => {
  const name = fc.oneof(
    fc.stringMatching(/^[A-Z_]{1,12}$/),
    fc.constantFrom(
      'NODE_OPTIONS',
      'NODE_PATH',
      'LD_LIBRARY_PATH',
      'DISPLAY',
      'SSH_TTY',
      'GITHUB_TOKEN',
      'SUDO_USER',
      'HOME',
      'PATH',
      'PM2_GUARD',
      'XDG_X',
      'AWS_PROFILE',
      'LANG',
      'BUILD_ID',
      'JENKINS_URL',
    ),
  );
  const home = fc.constantFrom('/root', '/home/al', '/srv/people/al.b');
  const value = (directory: string) =>
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .tuple(
          fc.constantFrom('', ':', ' ', '=', ',', '--require ', '--require=', 'file://', '/opt/x:', '"', '-r '),
          fc.constantFrom('', '/', '/x', ':/y', ' --no-warnings', '"'),
          fc.constantFrom('', '--trace-warnings ', '/opt:'),
        )
        .map(([before, after, first]) => `${first}${before}${directory}${after}`),
    );
  const call = home.chain((directory) =>
    fc.record({
      directory: fc.constant(directory),
      env: fc.dictionary(name, value(directory), { maxKeys: 12 }),
      handsOver: fc.boolean(),
      typed: fc.array(name, { maxLength: 3 }),
    }),
  );

  it('hold the rule', () => {
    fc.assert(
      fc.property(call, ({ directory, env, handsOver, typed }) => {
        const rule = { homeDirectories: homeDirectories([directory], '/var/www'), typed: new Set(typed), handsOver };
        const { variables } = crossing(env, rule);
        for (const [key, given] of Object.entries(env)) {
          const always = typed.includes(key) && !/^(HOME|PATH|USER|MAIL|SHELL|LOGNAME)$|^SUDO_|^PM2_GUARD/.test(key);
          if (always) expect(variables[key]).toBe(given);
          else expect(holdsCallersPath(variables[key] ?? '', rule.homeDirectories)).toBe(false);
        }
        for (const never of ['GITHUB_TOKEN', 'SSH_TTY', 'AWS_PROFILE', 'XDG_X'])
          if (!typed.includes(never)) expect(variables).not.toHaveProperty(never);
        expect(variables).not.toHaveProperty('SUDO_USER');
        for (const key of Object.keys(variables)) expect(env).toHaveProperty([key]);
        // What crossed crosses again as it is.
        expect(crossing(variables, rule).variables).toEqual(variables);
      }),
      runs(2000),
    );
  });
});
