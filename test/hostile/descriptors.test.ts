import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type RunOptions } from '../harness/host.ts';

const WEB = '/var/www/.pm2';
const config = (pinned = '') => `\
default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp]
    paths: [/var/www/html]
${pinned}`;
/** Root's open files, by numbers that node marks close-on-exec and numbers that it does not. */
const OPEN = 'exec 7</root/list 8<&0 9>>/root/only 41>&1 155<>/root/fifo 200>/root/lock; flock 200;';
/** Numbers that were closed may be node's own by now: only files are written to. */
const WRITES =
  'const fs = require("fs"); for (const fd of [7, 8, 9, 41, 155, 200]) try { ' +
  'if (fs.fstatSync(fd).isFile()) fs.writeSync(fd, "written"); } catch {}';

for (const [node, pinned] of [
  ['22', false],
  ['20', false],
  ['22', true],
  ['18', true],
] as const) {
  describeOnHost(`root's open files, node ${node}${pinned ? ', and another node for the daemon' : ''}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ node });
      if (pinned) await host.must('cp /usr/bin/node /opt/node');
      await host.installGuard(config(pinned ? '    node: /opt/node\n' : ''));
      await host.must('touch /root/list /root/only; chmod 600 /root/list /root/only; mkfifo /root/fifo');
      await host.write('/var/www/html/server.js', 'setInterval(() => {}, 1e6);');
      await host.write(
        '/var/www/html/ecosystem.config.js',
        `${WRITES} module.exports = { apps: [{ name: "myapp", script: "/var/www/html/server.js", cwd: "/" }] };`,
        { owner: 'www-data' },
      );
    });
    beforeEach(async () => {
      await host.must(
        'pkill -9 -f "[G]od Daemon" || true; rm -rf /var/www/.pm2; install -d -o www-data /var/www/.pm2; ' +
          ': > /root/only; : > /root/lock',
      );
    });
    afterAll(() => host.dispose());
    /** dash knows descriptors of one digit only. */
    const bash = (line: string, options: RunOptions = {}) =>
      host.exec(['/bin/bash', '-c', line], { cwd: '/', ...options });

    /** What a process of www-data's holds open, by number and place. */
    const open = async () =>
      (
        await host.must(
          'for pid in $(pgrep -u www-data); do for fd in /proc/$pid/fd/*; do ' +
            'echo "${fd##*/} $(readlink $fd)"; done; done',
        )
      ).split('\n');
    const held = async () => (await open()).filter((line) => line.includes(' /root/'));

    it("are not the daemon's, and root's lock ends with root", async () => {
      expect(await bash(`${OPEN} pm2 list; exec 200>&-; flock -n /root/lock true`)).toMatchObject({ status: 0 });
      expect(host.daemons().map(({ uid }) => uid)).toEqual([33]);
      expect(await held()).toEqual([]);
    });

    it('are not open for a process file, neither as it is looked into nor as pm2 runs it', async () => {
      // No path of the config tells whose this file is, so the guard evaluates it.
      await host.must('install -d -o www-data /srv/apps; cp -p /var/www/html/ecosystem.config.js /srv/apps');
      expect(await bash(`${OPEN} pm2 start /srv/apps/ecosystem.config.js`)).toMatchObject({ status: 0 });
      expect([await host.read('/root/only'), await host.read('/root/lock')]).toEqual(['', '']);
      expect(await held()).toEqual([]);
      expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online', uid: 33 }]);
    });

    it('do not keep pm2 from its terminal, its pipes and its signals', async () => {
      const terminal = host.tty(`exec /bin/bash -c '${OPEN} pm2 logs'`, { cwd: '/' });
      await terminal.seen(/TAILING/);
      terminal.type('\x03');
      expect((await terminal.result()).status).not.toBe(null);
      const piped = await bash(`${OPEN} pm2 start - && pm2 jlist | cat`, {
        input: JSON.stringify({ apps: [{ name: 'myapp', script: '/var/www/html/server.js', cwd: '/' }] }),
      });
      expect(piped.stdout).toContain('"name":"myapp"');
    });

    it('a parent that talks over IPC sees it end, and no crash', async () => {
      await host.write(
        '/srv/fork.js',
        'const how = { execPath: "/bin/sh", execArgv: [], silent: true }; let out = ""; ' +
          'const child = require("child_process").fork("/usr/local/bin/pm2", ["jlist"], how);' +
          'child.stdout.on("data", (text) => { out += text; });' +
          'child.on("close", (status) => console.log(status, out.trim()));',
      );
      await host.must('pm2 ping', { cwd: '/' });
      expect(await host.run('node /srv/fork.js', { cwd: '/' })).toMatchObject({ status: 0, stdout: '0 []\n' });
    });

    it("stay the caller's own where the call passes", async () => {
      await host.must('install -d -o www-data -m 700 /srv/own');
      expect(await bash('exec 200>/srv/own/lock; pm2 list', { user: 'www-data' })).toMatchObject({ status: 0 });
      expect(await open()).toContain('200 /srv/own/lock');
    });
  });
}
