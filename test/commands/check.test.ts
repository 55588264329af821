import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReader, canUnshare, run } from '../policy/private-host.ts';
import { bundle } from '../../bundle.mjs';
import { joined } from '../regex.ts';

let built: string;
beforeAll(async () => {
  built = await buildReader();
  await bundle({ 'pm2-guard': 'src/bin/pm2-guard.ts' }, built);
});
afterAll(() => {
  rmSync(built, { recursive: true });
});

const CONFIG = `install -d -o www-data /mnt/www
cat > /etc/pm2-guard/config.yaml <<'END'
default: web
daemons:
  web:
    user: www-data
    home: /mnt/www/.pm2
    apps: [myapp, other, "shop-*"]
    paths: [/var/www/html]
    operators: [no-such-user-here]
  ops: {user: root, mode: block}
END
`;
const check = (script: string, env?: Record<string, string>): ReturnType<typeof run> =>
  run(built, `check() { ${process.execPath} ${built}/pm2-guard.cjs check "$@"; }\n${script}`, env);
const SUMMARY = `/etc/pm2-guard/config.yaml is valid: 2 daemons, default web
  ops  root      /root/.pm2     block    nothing of its own
  web  www-data  /mnt/www/.pm2  rewrite  2 names, 1 glob, 1 path
note: /etc/pm2-guard/config.yaml:8: operators of web names "no-such-user-here", and there is no such user
`;
const IN_FORCE = 'it is in force: the next call of pm2 uses it\n';

const NO_POLICY =
  'pm2-guard: there is no last good policy: until this is repaired, ' +
  'every call of pm2 ends with status 78 (on_error: closed)';

describe.runIf(canUnshare)('pm2-guard check', () => {
  it('a config that is valid and not compiled yet', () => {
    expect(check(`${CONFIG}check`)).toEqual({ status: 0, stderr: '', stdout: `${SUMMARY}${IN_FORCE}` });
  });
  it('is compiled, then edited', () => {
    const { status, stdout, stderr } = check(
      `${CONFIG}settle; $read >/dev/null; check | tail -1; touch /etc/pm2-guard/config.yaml; check | tail -1`,
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(IN_FORCE + IN_FORCE);
  });
  it('a PM2_HOME that its user cannot make', () => {
    const { status, stdout } = check(`${CONFIG}chown root /mnt/www; check`);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout:
        `${SUMMARY}warning: daemon "web" cannot start: www-data cannot make its PM2_HOME /mnt/www/.pm2, ` +
        `for /mnt/www belongs to root\n  fix:  sudo install -d -o www-data -g www-data -m 0755 ` +
        `/mnt/www/.pm2\n${IN_FORCE}`,
    });
  });
  it.each([
    [
      'mkdir -p /mnt/closed/www; chown www-data /mnt/closed/www; chmod 700 /mnt/closed; ' +
        'sed -i "s#/mnt/www/#/mnt/closed/www/#" /etc/pm2-guard/config.yaml',
      '/mnt/closed/www/.pm2, for /mnt/closed is closed to www-data (mode 0700)',
    ],
    [
      'chown www-data /mnt/www; chmod 555 /mnt/www',
      '/mnt/www/.pm2, for its own directory /mnt/www is closed (mode 0555)',
    ],
  ])('a PM2_HOME that its user cannot make: %s', (prepare, why) => {
    const { stdout } = check(`${CONFIG}${prepare}; check`);
    expect(stdout).toContain(
      `warning: daemon "web" cannot start: www-data cannot make its PM2_HOME ${why}\n${IN_FORCE}`,
    );
  });
  it('writes nothing', () => {
    expect(check(`${CONFIG}settle; check > /dev/null; ls -A /var/lib/pm2-guard`)).toEqual({
      status: 0,
      stderr: '',
      stdout: '',
    });
  });
  it('a config that is not', () => {
    expect(
      check(`${CONFIG}sed 's/www-data/wwwdata/; s/mode: block/mdoe: block/' -i /etc/pm2-guard/config.yaml; check`),
    ).toEqual({
      status: 78,
      stdout: '',
      stderr: `/etc/pm2-guard/config.yaml:9:21: unknown key "mdoe": did you mean "mode"?
    ops: {user: root, mdoe: block}
                      ^
  expected one of user, home, apps, paths, operators, pm2, node, mode
${NO_POLICY}
`,
    });
  });
  it('a config that is not, with a last good policy', () => {
    const { status, stderr } = check(
      `${CONFIG}settle; $read > /dev/null; sed 's/www-data/wwwdata/' -i /etc/pm2-guard/config.yaml; check`,
    );
    expect(status).toBe(78);
    expect(stderr).toMatch(
      joined(
        /config\.yaml:4:11: there is no user "wwwdata"[^]*\n/,
        /pm2-guard: until this is repaired, the last good policy holds, made 20\S+Z\n$/,
      ),
    );
  });
  it('none', () => {
    expect(check('check')).toMatchObject({
      status: 78,
      stdout: '',
      stderr: expect.stringMatching(
        joined(
          /^\/etc\/pm2-guard\/config\.yaml: there is no config\n/,
          / {2}expected a config there; draft one with: sudo pm2-guard init\n/,
          /pm2-guard: there is no last good policy/,
        ),
      ) as string,
    });
  });
  it('a file that another user could have written: says so, and what is wrong in it', () => {
    const { status, stderr } = check(
      `${CONFIG}chmod o+w /etc/pm2-guard/config.yaml; sed 's/www-data/wwwdata/' -i /etc/pm2-guard/config.yaml; check`,
    );
    expect(status).toBe(78);
    expect(stderr).toMatch(
      /^\S+: cannot be trusted: \S+ is writable by all users \(mode 0646\)\n.*\n\S+:4:11: there is no user/,
    );
  });
  it("a draft of a user's, by a relative path", () => {
    const draft = `${CONFIG}mv /etc/pm2-guard/config.yaml /mnt/draft.yaml; chown nobody /mnt/draft.yaml; cd /mnt; `;
    expect(check(`${draft}check draft.yaml`)).toMatchObject({
      status: 78,
      stdout: '',
      stderr: expect.stringMatching(
        joined(
          /^\/mnt\/draft\.yaml: cannot be trusted: \/mnt\/draft\.yaml is owned by uid 65534, /,
          /not by root\n {2}expected root to own it: sudo chown root \/mnt\/draft\.yaml\n$/,
        ),
      ) as string,
    });
    expect(check(`${draft}check --draft draft.yaml`)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: SUMMARY.replaceAll('/etc/pm2-guard/config.yaml', '/mnt/draft.yaml'),
    });
    expect(check(`${draft}echo x >> draft.yaml; check --draft draft.yaml`)).toMatchObject({ status: 78, stdout: '' });
  });
  it('a draft that is a FIFO does not make it wait', () => {
    expect(check('mkfifo /mnt/x.yaml; chown nobody /mnt/x.yaml; check --draft /mnt/x.yaml')).toMatchObject({
      status: 78,
      stderr: '/mnt/x.yaml: is no regular file\n',
    });
  });
  it('--json, valid', () => {
    const { status, stdout, stderr } = check(`${CONFIG}check --json`);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      file: '/etc/pm2-guard/config.yaml',
      errors: [],
      default: 'web',
      compiled: { state: 'none' },
      sudoers: { state: 'not needed' },
      unmakeable: [],
      notes: ['/etc/pm2-guard/config.yaml:8: operators of web names "no-such-user-here", and there is no such user'],
      daemons: [
        { name: 'ops', user: 'root', home: '/root/.pm2', mode: 'block', names: 0, globs: 0, paths: 0 },
        { name: 'web', user: 'www-data', home: '/mnt/www/.pm2', mode: 'rewrite', names: 2, globs: 1, paths: 1 },
      ],
    });
  });
  it('--json, not valid: on stdout all the same, and the status says so', () => {
    const { status, stdout, stderr } = check(`${CONFIG}echo 'mode: x' >> /etc/pm2-guard/config.yaml; check --json`);
    expect([status, stderr]).toEqual([78, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      daemons: [],
      errors: [
        {
          kind: 'broken',
          file: '/etc/pm2-guard/config.yaml',
          line: 10,
          column: 7,
          source: 'mode: x',
          message: '"mode" is "x"',
          expected: 'rewrite, block or observe',
        },
      ],
    });
  });
  it('the one that PM2_GUARD_CONFIG names', () => {
    const other = `${CONFIG}mv /etc/pm2-guard/config.yaml /etc/pm2-guard/other.yaml; check | head -1`;
    expect(check(other, { PM2_GUARD_CONFIG: '/etc/pm2-guard/other.yaml' }).stdout).toBe(
      '/etc/pm2-guard/other.yaml is valid: 2 daemons, default web\n',
    );
    expect(
      check(`${other}; check >&2`, { PM2_GUARD_CONFIG: '/etc/pm2-guard/other.yaml', SUDO_UID: '1000' }),
    ).toMatchObject({ status: 78, stdout: '' });
  });
  it('--help shows examples and exit statuses', () => {
    expect(check('check --help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/Examples:\n {2}pm2-guard check\n[^]*Exit status: 0 [^]*78/) as string,
    });
  });
});
