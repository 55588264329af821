import { describe, expect, it } from 'vitest';
import { relocate, type RecordOrigin } from '../../src/adopt/relocate.ts';
import type { Seat } from '../../src/adopt/seat.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';

const web: Seat = {
  label: 'web',
  user: 'www-data',
  uid: asUid(33),
  gid: asGid(33),
  homeDirectory: '/var/www',
  shell: '/usr/sbin/nologin',
  pm2Home: asPm2Home('/var/www/.pm2'),
};
const root: Seat = {
  label: 'ops',
  user: 'root',
  uid: asUid(0),
  gid: asGid(0),
  homeDirectory: '/root',
  shell: '/bin/bash',
  pm2Home: asPm2Home('/root/.pm2'),
};
const fromRoot: RecordOrigin = { pm2Homes: [asPm2Home('/root/.pm2')], homeDirectory: '/root', uid: asUid(0) };

/** A record whose environment is spread over it, as PM2 keeps it. */
const record = (env: Record<string, unknown>, fields: Record<string, unknown> = {}) => ({
  name: 'a',
  status: 'online',
  ...fields,
  ...env,
  env,
});
const moved = (env: Record<string, unknown>, fields: Record<string, unknown> = {}, from = fromRoot, to = web) =>
  relocate(record(env, fields), true, from, to);

describe('the environment', () => {
  const cases: [what: string, variable: string, value: unknown, kept: unknown][] = [
    ["an application's", 'NODE_ENV', 'production', 'production'],
    ['a number', 'LIMIT', 5, 5],
    ['an object', 'a', {}, {}],
    ["sudo's", 'SUDO_USER', 'deploy', undefined],
    ["a session's", 'XDG_RUNTIME_DIR', '/run/user/0', undefined],
    ["an agent's", 'SSH_AUTH_SOCK', '/tmp/ssh', undefined],
    ["a CI runner's leash", 'RUNNER_TRACKING_ID', 'x', undefined],
    ['ours', 'PM2_GUARD', 'off', undefined],
    ["one that moves PM2's paths", 'PM2_DAEMON_RPC_PORT', '/srv/rpc.sock', undefined],
    ["a path in the old user's home", 'CONFIG', '/root/c.json', undefined],
    ['a path beside it', 'CONFIG', '/rooted/c.json', '/rooted/c.json'],
    ['a path in the old PM2_HOME', 'STATE', '/root/.pm2/x', undefined],
    ['HOME', 'HOME', '/root', '/var/www'],
    ['PM2_HOME', 'PM2_HOME', '/root/.pm2', '/var/www/.pm2'],
    [
      'PATH, without the old home',
      'PATH',
      '/root/.nvm/bin:/opt/app/bin:/usr/bin',
      '/opt/app/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin',
    ],
  ];
  it.each(cases)('%s: %s=%s', (_, variable, value, kept) => {
    const { record: result } = moved({ [variable]: value });
    expect((result.env as Record<string, unknown>)[variable]).toEqual(kept);
    expect(result[variable]).toEqual(kept); // and where it is spread over the record
  });

  it('names lost variables, but not those that belong to the user', () => {
    expect(
      moved({ CONFIG: '/root/c.json', NPM_CACHE: '/root/.npm', HOME: '/root', SUDO_USER: 'x', NODE_ENV: 'p' }).dropped,
    ).toEqual(['CONFIG', 'NPM_CACHE']);
  });

  it("of the same user in another home keeps what is in the user's home", () => {
    const from = { pm2Homes: [asPm2Home('/var/www/.agent/.pm2')], homeDirectory: '/var/www', uid: web.uid };
    expect(
      moved({ CONFIG: '/var/www/c.json', HOME: '/var/www/.agent' }, {}, from).record.env as Record<string, unknown>,
    ).toMatchObject({ CONFIG: '/var/www/c.json', HOME: '/var/www' });
  });

  it("may not hold what is nowhere in the record's own fields", () => {
    expect(moved({}, { SUDO_COMMAND: '/usr/bin/pm2', HOME: '/root' }).record).not.toHaveProperty('SUDO_COMMAND');
  });
});

describe('the fields', () => {
  it('of the old home move, and only those', () => {
    expect(
      moved(
        {},
        {
          pm_out_log_path: '/root/.pm2/logs/a-out.log',
          pm_err_log_path: '/var/log/a.log',
          pm_pid_path: '/root/.pm2/pids/a-0.pid',
          pm_log_path: '/root/.pm2x/a.log',
          pm_exec_path: '/root/.pm2/app.js',
        },
      ).record,
    ).toMatchObject({
      pm_out_log_path: '/var/www/.pm2/logs/a-out.log',
      pm_err_log_path: '/var/log/a.log',
      pm_pid_path: '/var/www/.pm2/pids/a-0.pid',
      pm_log_path: '/root/.pm2x/a.log',
      pm_exec_path: '/root/.pm2/app.js',
    });
  });
  it('that the daemon finds out anew are gone, `instances` above all', () => {
    const { record: result } = moved(
      { unique_id: 'x' },
      { instances: 2, pm_id: 7, pm_uptime: 1, created_at: 1, restart_time: 9, axm_monitor: { a: 1 } },
    );
    for (const field of ['instances', 'pm_id', 'pm_uptime', 'created_at', 'unique_id'])
      expect(result).not.toHaveProperty(field);
    expect(result).toMatchObject({
      restart_time: 0,
      axm_monitor: {},
      axm_actions: [],
      status: 'online',
      username: 'www-data',
    });
    expect(result.env).not.toHaveProperty('unique_id');
  });
  it("uid and gid are for root's daemon only", () => {
    expect(moved({}, { uid: 33, gid: 33 }).record).not.toHaveProperty('uid');
    expect(
      moved({}, { uid: 33, gid: 33 }, { pm2Homes: [asPm2Home('/x')], homeDirectory: '/root', uid: asUid(0) }, root)
        .record,
    ).toMatchObject({
      uid: 33,
      gid: 33,
    });
  });
  it('stopped stays stopped, and what has no environment gets one', () => {
    expect(relocate({ name: 'a', status: 'stopped', env: null }, false, fromRoot, web).record).toMatchObject({
      status: 'stopped',
      env: { HOME: '/var/www', USER: 'www-data' },
    });
  });
});
