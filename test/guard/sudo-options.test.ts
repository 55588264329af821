import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { sudos, useSudo } from '../harness/sudos.ts';
import { startBusyboxSyslogd } from '../log/syslog.ts';

const shim = '/usr/local/lib/pm2-guard/bin/pm2';
const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
    operators: [carol, erin]
`;
const RIGHTS = '/etc/sudoers.d/rights';
const nopasswd = `carol ALL=(www-data) NOPASSWD:SETENV: ${shim}\n`;

for (const sudo of sudos) {
  describeOnHost(`rights are learned by doing, sudo ${sudo === 'classic' ? sudo : `-rs of ${sudo}`}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ users: ['carol', 'erin', 'frank'] });
      await useSudo(host, sudo);
      await host.installGuard(CONFIG);
      await startBusyboxSyslogd(host);
      await host.must('echo erin:secret | chpasswd');
    });
    afterEach(async () => {
      expect(await host.must('ls -A /tmp')).toBe(''); // nothing is left of any call
      await host.must(`rm -f ${RIGHTS} /etc/sudoers.d/options`);
    });
    afterAll(() => host.dispose());
    const give = (rules: string) => host.write(RIGHTS, rules, { mode: '440' });
    /** What the guard recorded since the last time. */
    const recorded = async (count = 1) => {
      const lines = `grep "pm2-guard: [a-z]* caller=" /var/log/messages`;
      await host.must(`for i in $(seq 100); do [ $(${lines} -c) -ge ${count} ] && break; sleep 0.05; done`);
      const text = await host.must(`${lines} | sed 's/.*pm2-guard: \\([a-z]*\\) .*/\\1/'; : > /var/log/messages`);
      return text.trim().split('\n');
    };

    it('a password rule beside another command without a password: blocked, and recorded as blocked', async () => {
      await give(`erin ALL=(ALL) ALL\nerin ALL=(root) NOPASSWD: /usr/bin/true\n`);
      await host.must(': > /var/log/messages');
      const { status, stdout, stderr } = await host.run('pm2 restart myapp', { user: 'erin' });
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      const words = sudo === 'classic' ? 'a password is required' : 'interactive authentication is required';
      expect(stderr).toMatch(new RegExp(`^sudo(-rs)?: ${words}\npm2-guard: blocked \\(PG101\\): nothing was run\n`));
      expect(stderr).not.toContain('rewritten');
      expect(await recorded()).toEqual(['block']);
    });

    it('the same rules, with a terminal: one password, then the call runs', async () => {
      await give(`erin ALL=(ALL) ALL\nerin ALL=(root) NOPASSWD: /usr/bin/true\n`);
      const running = host.tty('pm2 ping', { user: 'erin' });
      await running.seen(/[Pp]assword/);
      running.type('secret\n');
      const { status, stdout } = await running.result();
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('pong') as string });
      expect(stdout.match(/[Pp]assword/g)).toHaveLength(1);
    });

    it('a wrong password, with a terminal and variables: never a second prompt of ours', async () => {
      await give(`erin ALL=(www-data) ${shim}\n`);
      const attempts = sudo === 'classic' ? 'Defaults passwd_tries=1\n' : 'Defaults passwd_tries=1\n';
      await host.write('/etc/sudoers.d/options', attempts, { mode: '440' });
      await host.must('rm -rf /run/sudo/ts /var/run/sudo-rs; mkdir -p /run/sudo/ts');
      const running = host.tty('A=1 pm2 start /srv/x.js --name myapp', { user: 'erin' });
      await running.seen(/[Pp]assword/);
      running.type('wrong\n');
      const { status, stdout } = await running.result();
      expect(status).toBe(126);
      expect(stdout).toContain('pm2-guard: blocked (PG101)');
      expect(stdout.match(/[Pp]assword(:| for)/g)).toHaveLength(1);
    });

    it('a sudo that the caller may not start: blocked at once', async () => {
      await give(nopasswd);
      const file = (await host.must('readlink -f /usr/bin/sudo')).trim();
      await host.must(`chgrp adm ${file} && chmod 4750 ${file}`);
      try {
        for (const line of ['pm2 restart myapp', 'A=1 pm2 start /srv/x.js --name myapp']) {
          const { status, stdout, stderr } = await host.run(line, { user: 'carol' });
          expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
          expect(stderr).toMatch(/^pm2-guard: cannot start .*\/sudo: .*EACCES\npm2-guard: blocked \(PG101\)/);
        }
      } finally {
        await host.must(`chgrp root ${file} && chmod 4755 ${file}`);
      }
    });

    it('status 1 of pm2 itself is no refusal', async () => {
      await give(nopasswd);
      await host.must(': > /var/log/messages');
      const { status, stderr } = await host.run('pm2 restart nowhere', { user: 'carol', timeoutMs: 60_000 });
      expect(status).toBe(1);
      expect(stderr.startsWith(rewritten('pm2 restart nowhere', 'nowhere'))).toBe(true);
      expect(stderr).not.toContain('blocked');
      expect(await recorded()).toEqual(['rewrite']);
    });

    it('NoNewPrivileges: said, and no rule is proposed', async () => {
      await give(nopasswd);
      const { status, stderr } = await host.run('setpriv --no-new-privs pm2 ping', { user: 'carol' });
      expect(status).toBe(126);
      expect(stderr).toMatch(/^sudo(-rs)?: (The "no new privileges" flag is set|sudo must be owned by uid 0)/);
      expect(stderr).toContain('This process runs with NoNewPrivileges: no rule of sudo can change that.');
      expect(stderr).not.toContain('NOPASSWD');
      expect(await host.run('setpriv --no-new-privs pm2 ping', { user: 'www-data' })).toMatchObject({ status: 0 });
    });

    it('a shim behind sudo that sees another /tmp: the call runs', async () => {
      await give(nopasswd);
      expect(
        await host.run(`${shim} --pm2-guard-daemon=web --pm2-guard-mark=/tmp/pm2-guard-absent ping`, {
          user: 'www-data',
        }),
      ).toMatchObject({ status: 94, stdout: '' });
      // Stands in for a PAM module that gives every user a /tmp.
      await host.must('mv /usr/bin/sudo /opt/sudo');
      await host.write('/usr/bin/sudo', '#!/bin/sh\nrm -f /tmp/pm2-guard-*/started\nexec /opt/sudo "$@"\n', {
        mode: '755',
      });
      const { status, stdout } = await host.run('pm2 ping', { user: 'carol' });
      await host.must('mv -f /opt/sudo /usr/bin/sudo');
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('pong') as string });
    });

    it('no place in /tmp: the call runs', async () => {
      await give(nopasswd);
      await host.must('chmod 755 /tmp');
      const answer = await host.run('pm2 ping', { user: 'carol' });
      await host.must('chmod 1777 /tmp');
      expect(answer).toMatchObject({ status: 0, stdout: expect.stringContaining('pong') as string });
    });

    it('the word that only asks runs nothing', async () => {
      await give(nopasswd);
      const before = host.processes().length;
      expect(await host.run(`sudo -n -u www-data ${shim} --pm2-guard-may`, { user: 'carol' })).toMatchObject({
        status: 0,
        stdout: '',
        stderr: '',
      });
      expect(host.processes().length).toBe(before);
    });

    it('explain asks by doing as well', async () => {
      await give(`erin ALL=(ALL) ALL\nerin ALL=(root) NOPASSWD: /usr/bin/true\n${nopasswd}`);
      const told = async (user: string) =>
        (await host.run('pm2-guard explain --json -- pm2 restart myapp', { user })).stdout;
      expect(JSON.parse(await told('carol'))).toMatchObject({ verdict: 'rewrite' });
      const erin = JSON.parse(await told('erin')) as { verdict: string; message: string[] };
      expect(erin.verdict).toBe('block');
      expect(erin.message.join('\n')).toMatch(
        /It says: {2}sudo(-rs)?: (a password|interactive authentication) is required/,
      );
    });

    if (sudo === 'classic') {
      it('Defaults listpw=always: a listing would want a password, the call does not', async () => {
        await give(nopasswd);
        await host.write('/etc/sudoers.d/options', 'Defaults listpw=always\n', { mode: '440' });
        expect(await host.run('sudo -n -l', { user: 'carol' })).toMatchObject({ status: 1 });
        expect(await host.run('A=1 pm2 ping', { user: 'carol' })).toMatchObject({ status: 0 });
        const { stdout } = await host.run('pm2-guard explain --json -- pm2 restart myapp', { user: 'carol' });
        expect(JSON.parse(stdout)).toMatchObject({ verdict: 'rewrite' });
      });

      it('Defaults requiretty: sudo says so itself', async () => {
        await give(nopasswd);
        await host.write('/etc/sudoers.d/options', 'Defaults requiretty\n', { mode: '440' });
        const { status, stderr } = await host.run('setsid -w pm2 ping', { user: 'carol' });
        expect(status).toBe(126);
        expect(stderr).toMatch(/^sudo: sorry, you must have a tty to run sudo\npm2-guard: blocked/);
        expect(await host.tty('pm2 ping', { user: 'carol' }).result()).toMatchObject({ status: 0 });
      });
    }

    it('an expired account: sudo says so itself', async () => {
      await give(nopasswd);
      await host.must('chage -E 1 carol');
      const { status, stderr } = await host.run('pm2 ping', { user: 'carol' });
      await host.must('chage -E -1 carol');
      expect(status).toBe(126);
      expect(stderr).toMatch(/^sudo(-rs)?: .*account.*\n/i);
    });
  });

  describeOnHost(`users without rules in sudoers, sudo ${sudo === 'classic' ? sudo : `-rs of ${sudo}`}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ users: ['carol', 'frank'] });
      await useSudo(host, sudo);
      if (sudo === 'classic')
        await host.write('/etc/sudoers.d/log', 'Defaults logfile=/var/log/sudo.log\n', { mode: '440' });
      await host.write(RIGHTS, `frank ALL=(www-data) NOPASSWD: ${shim}\n`, { mode: '440' });
      await host.installGuard(CONFIG);
      await startBusyboxSyslogd(host);
    });
    afterAll(() => host.dispose());
    const alarms = () =>
      host.must(
        'sleep 0.2; cat /var/log/messages /var/log/sudo.log 2>/dev/null | grep -v pm2-guard: | grep alice || true',
      );

    it('are blocked without a word of sudo, in no log of its', async () => {
      for (const call of ['pm2 jlist', 'pm2 restart myapp', 'A=1 pm2 start /srv/x.js --name myapp', 'pm2 kill']) {
        const { status, stdout, stderr } = await host.run(call, { user: 'alice' });
        expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
        expect(stderr).toMatch(/^pm2-guard: blocked .*\n {2}"pm2 \w+.*" is not for alice to run\.\n/);
      }
      expect(await alarms()).toBe('');
    });

    it('others are served who are no operators either', async () => {
      expect(await host.run('pm2 ping', { user: 'frank' })).toMatchObject({ status: 0 });
      expect(await host.run('pm2 ping', { user: 'deploy' })).toMatchObject({ status: 0 });
    });

    it('operators are asked for', async () => {
      const { status, stderr } = await host.run('pm2 jlist', { user: 'carol' });
      expect(status).toBe(126);
      expect(stderr).toMatch(/^sudo(-rs)?: /);
    });

    it('a rule that was added since holds at once, in a new file and in an old one', async () => {
      await host.write('/etc/sudoers.d/more', `alice ALL=(www-data) NOPASSWD: ${shim}\n`, { mode: '440' });
      expect(await host.run('pm2 ping', { user: 'alice' })).toMatchObject({ status: 0 });
      await host.must('rm /etc/sudoers.d/more && pm2-guard check');
      expect((await host.run('pm2 ping', { user: 'alice' })).stderr).toMatch(/^pm2-guard: blocked/);
      await host.write(RIGHTS, `frank, alice ALL=(www-data) NOPASSWD: ${shim}\n`, { mode: '440' });
      expect(await host.run('pm2 ping', { user: 'alice' })).toMatchObject({ status: 0 });
    });
  });
}
