import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const WEB = '/var/www/.pm2';
const SITE = '/var/www/html/myapp/public_html';
const CONFIG = `default: web\ndaemons:\n  web:\n    user: www-data\n    home: ${WEB}\n    apps: [myapp]\n`;
const INSTALLS = 10;

/** Each call as long as there is no /srv/stop: its status, the start of its stdout, and its stderr, in one line. */
const loop = (name: string, before: string, call: string) => `
while [ ! -e /srv/stop ]; do
  ${before}
  out=$(${call} 2> /srv/err.${name}); status=$?
  printf '%s|%.7s|%s\\n' "$status" "$out" "$(tr '\\n' '/' < /srv/err.${name})" >> /srv/seen.${name}
done`;
const LOOPS: Readonly<Record<string, { user: string; line: string; expected: RegExp }>> = {
  // A config that was just touched is read anew by every call. What does that is loaded late, and must be of the same
  // build.
  // Only www-data's daemon has an app to list. A program reads it, so no notice is printed.
  rewritten: {
    user: 'root',
    line: loop('rewritten', 'touch /etc/pm2-guard/config.yaml', 'pm2 jlist'),
    expected: /^0\|\[\{"pid"\|$/,
  },
  passed: {
    user: 'www-data',
    line: loop('passed', ':', `PM2_HOME=${WEB} pm2 jlist`),
    expected: /^0\|\[\{"pid"\|$/,
  },
  blocked: {
    user: 'alice',
    line: loop('blocked', ':', 'pm2 restart myapp'),
    expected: /^126\|\|pm2-guard: blocked \(PG101\): nothing was run\/ {2}"pm2 restart myapp" is not for alice /,
  },
  command: { user: 'alice', line: loop('command', ':', 'pm2-guard check'), expected: /^0\|\/etc\/pm\|$/ },
};

describeOnHost('an upgrade while calls are made', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('pm2 start server.js --name myapp', { cwd: SITE });
    // Two versions. Each calls its parts by other names, so a mix of the two fails.
    await host.must(`mkdir /srv/a /srv/b
      for version in a b; do cp -r ${checkout}/dist ${checkout}/shims /srv/$version || exit 1; done
      sed -i 's/"0\\.1\\.0"/"0.2.0"/g; s/compileConfig/compileConfigOfB/g' /srv/b/dist/*.cjs &&
      ! cmp -s /srv/a/dist/load-policy.cjs /srv/b/dist/load-policy.cjs`);
  });
  afterAll(() => host.dispose());

  it('no call sees anything missing, half written or of two versions, and none fails', async () => {
    await host.must(
      'for name in rewritten passed blocked command; do for file in seen err; do touch /srv/$file.$name; chmod 666 ' +
        '/srv/$file.$name; done; done',
    );
    const running = Object.values(LOOPS).map(({ user, line }) =>
      host.start(['/bin/sh', '-c', line], { user, cwd: '/', timeoutMs: 120_000 }),
    );
    const lines = async (name: string) =>
      (await host.read(`/srv/seen.${name}`)).split('\n').filter((line) => line !== '');
    for (let count = 1; count <= INSTALLS; count++) {
      const release = count % 2 === 0 ? 'a' : 'b';
      await host.must(`node /srv/${release}/dist/pm2-guard.cjs install`);
      expect(await host.must('pm2-guard --version')).toBe(release === 'a' ? '0.1.0\n' : '0.2.0\n');
    }
    await host.must('touch /srv/stop');
    for (const one of running) await one.result();
    for (const [name, { expected }] of Object.entries(LOOPS)) {
      const seen = await lines(name);
      expect(seen.filter((line) => !expected.test(line))).toEqual([]);
      expect(seen.length).toBeGreaterThan(INSTALLS / 2);
    }
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
  }, 180_000);
});
