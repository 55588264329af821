import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = 'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [shop] }\n';
const OWN = '/tmp/pm2-guard-33/policy.json';
const EVIL = '/var/www/evil/pm2';

describeOnHost('the policy that a user keeps for itself', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.must('rm -rf /run/user');
    await host.installGuard(CONFIG);
    await host.must('install -d -o www-data /var/www/evil; cp -r /usr/lib/node_modules/pm2 /var/www/evil/');
    await host.write(`${EVIL}/bin/pm2`, 'require("fs").appendFileSync("/tmp/evil", "ran\\n");', { mode: '755' });
    await host.must('chown -R www-data /var/www/evil; pm2 ping', { cwd: '/' });
    // An edit, and root does not call: now www-data keeps a policy, and changes it.
    await host.must('sleep 1; echo "# edited" >> /etc/pm2-guard/config.yaml; sleep 1');
    await host.must('pm2 jlist', { user: 'www-data', cwd: '/', env: { PM2_HOME: '/var/www/.pm2' } });
  });
  beforeEach(async () => {
    const edit = `perl -pi -e 's("pm2":[^,}]+)("pm2":"${EVIL}/bin/pm2")' ${OWN}`;
    await host.must(edit, { user: 'www-data', cwd: '/' }); // a call that read the config has replaced it
    expect(await host.read(OWN)).toContain(EVIL);
  });
  afterAll(() => host.dispose());
  const ran = async () => {
    const found = await host.exists('/tmp/evil');
    await host.must('rm -f /tmp/evil');
    return found;
  };

  it.each([
    'sudo -u www-data pm2 jlist',
    'sudo -u www-data PM2_HOME=/var/www/.pm2 /usr/local/lib/pm2-guard/bin/pm2 jlist',
    'sudo -u www-data /usr/local/lib/pm2-guard/bin/pm2 --pm2-guard-daemon=web jlist',
    'pm2 jlist',
  ])("decides nothing in an operator's call: %s", async (line) => {
    expect(await host.run(line, { user: 'deploy', cwd: '/' })).toMatchObject({ status: 0, stdout: '[]' });
    expect(await ran()).toBe(false);
  });

  it("decides its user's own calls", async () => {
    await host.run('pm2 jlist', { user: 'www-data', cwd: '/', env: { PM2_HOME: '/var/www/.pm2' } });
    expect(await ran()).toBe(true);
  });

  const line = 'PM2_HOME=/var/www/.pm2 /usr/local/lib/pm2-guard/bin/pm2 jlist';
  it.each([
    `su -s /bin/sh www-data -c '${line}'`,
    `runuser -u www-data -- env ${line}`,
    `setpriv --reuid www-data --regid www-data --clear-groups env ${line}`,
    `runuser -u www-data -- env ${line} </dev/null 2>&1 | cat`,
  ])("decides nothing on root's terminal: %s", async (typed) => {
    const { status, stdout } = await host.tty(typed, { cwd: '/' }).result();
    expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: '[]' });
    expect(await ran()).toBe(false);
  });

  it("decides on its user's own terminal", async () => {
    await host.tty(line, { user: 'www-data', cwd: '/' }).result();
    expect(await ran()).toBe(true);
  });

  it("decides nothing in root's calls", async () => {
    await host.must('pm2 jlist', { cwd: '/' });
    expect(await ran()).toBe(false);
  });
});
