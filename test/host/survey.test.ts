import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { FoundDaemon } from '../../src/host/survey.ts';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const init = `node ${checkout}/dist/pm2-guard.cjs init`;
const app = '/var/www/html/myapp/public_html';
type Shown = Omit<FoundDaemon, 'pm2Home' | 'live'> & {
  home: string;
  live: { pid: number; uid: number; home: string } | null;
};
type Answer = { file: string | null; survey: Shown[]; config: string };

/** A daemon as `brief` shows it: alive and asked by its socket, unless said otherwise. */
const found = (user: string | null, home: string, apps: string[], more: object = {}) => ({
  user,
  home,
  runs: true,
  failure: null,
  apps,
  source: 'socket',
  unit: null,
  ...more,
});

describe.each(['5.4.3', '6.0.14', '7.0.4'] as const)('with PM2 %s', (pm2) => {
  describeOnHost('what is on a host', () => {
    let host: Host;
    const asked = async (user = 'root') => JSON.parse(await host.must(`${init} --json`, { user })) as Answer;
    const brief = ({ survey }: Answer) =>
      survey.map(({ user, home, live, failure, apps, source, unit }) => ({
        user,
        home,
        runs: live?.pid != null,
        failure,
        apps: apps.map(({ name }) => name).sort(),
        source,
        unit: unit?.name ?? null,
      }));
    beforeAll(async () => {
      host = await createHost({ pm2, users: ['gone'] });
    });
    afterAll(() => host.dispose());

    it("nothing: the web server's user is declared, and nothing was started to find out", async () => {
      const { config } = await asked();
      expect(parse(config)).toEqual({
        mode: 'rewrite',
        default: 'web',
        daemons: { web: { user: 'www-data', home: '/var/www/.pm2' } },
      });
      expect(host.daemons()).toEqual([]);
      expect(await host.exists('/root/.pm2')).toBe(false);
    });

    it('daemons of several users, a stray, a dump, a unit, a user who is gone', async () => {
      await host.must(`pm2 start server.js --name myapp && pm2 start server.js --name api && pm2 save`, {
        user: 'www-data',
        cwd: app,
        env: { PM2_HOME: '/var/www/.pm2' },
      });
      await host.must(
        'mkdir -p ~/jobs && echo "setInterval(() => {}, 1e6)" > ~/jobs/job.js && pm2 start ~/jobs/job.js',
        { user: 'ops' },
      );
      await host.must('pm2 start server.js --name myapp', { cwd: app }); // T01: root's, under the same name
      await host.must(
        'echo "setInterval(() => {}, 1e6)" > ~/saved.js && pm2 start ~/saved.js && pm2 save && pm2 kill',
        { user: 'alice' },
      );
      await host.must('pm2 start sleep --name orphan -- 1000', { user: 'gone' });
      await host.must('sed -i /^gone:/d /etc/passwd');
      await host.standInSystemctl();
      await host.must('pm2 startup systemd -u ops --hp /home/ops');
      await host.must(
        'mkdir -p /etc/systemd/system/multi-user.target.wants && ln -s ../pm2-ops.service ' +
          '/etc/systemd/system/multi-user.target.wants/',
      );
      const gods = () =>
        host
          .processes()
          .filter(({ command }) => command.includes('God Daemon'))
          .map(({ pid }) => pid);
      const before = gods();

      const answer = await asked();
      expect(brief(answer)).toEqual([
        found('alice', '/home/alice/.pm2', ['saved'], { runs: false, source: 'dump' }),
        found(null, '/home/gone/.pm2', ['orphan']),
        found('ops', '/home/ops/.pm2', ['job'], { unit: 'pm2-ops.service' }),
        found('root', '/root/.pm2', ['myapp']),
        found('www-data', '/var/www/.pm2', ['api', 'myapp']),
      ]);
      for (const { live } of answer.survey)
        if (live)
          expect(host.daemons()).toContainEqual(
            expect.objectContaining({ pid: live.pid, uid: live.uid, home: live.home }),
          );
      expect(gods().filter((pid) => !before.includes(pid))).toEqual([]);

      expect(parse(answer.config)).toEqual({
        mode: 'rewrite',
        default: 'ops',
        daemons: {
          alice: { user: 'alice', home: '/home/alice/.pm2', paths: ['/home/alice'] },
          ops: { user: 'ops', home: '/home/ops/.pm2', apps: ['job'], paths: ['/home/ops'] },
          root: { user: 'root', home: '/root/.pm2', apps: ['myapp'] },
          web: { user: 'www-data', home: '/var/www/.pm2', apps: ['api', 'myapp'], paths: [app] },
        },
      });
      expect(answer.config).toContain('- myapp # also in web');
      expect(answer.config).toMatch(/# Only alice's own list names these apps[^]*# apps:\n {4}# {3}- saved\n/);
    });

    it("a daemon in another's home, and one whose home is gone", async () => {
      await host.must('rm -rf /root/.pm2');
      await host.must('pm2 jlist', { env: { HOME: '/home/deploy' } }); // T11: sudo -E
      await host.must('pm2 start sleep --name stray -- 1000', { env: { HOME: '/home/deploy' } });
      const answer = await asked();
      expect(brief(answer)).toContainEqual(found('root', '/home/deploy/.pm2', ['stray']));
      expect(answer.config).toContain("root's daemon in the PM2_HOME of deploy: probably a stray");
      expect(brief(answer).map(({ home }) => home)).not.toContain('/root/.pm2');
    });

    it('where there is no /proc', async () => {
      const { stdout } = await host.run(`unshare -m sh -c 'mount -t tmpfs none /proc && ${init} --json'`);
      const answer = JSON.parse(stdout) as Answer;
      expect(brief(answer).map(({ runs, ...rest }) => ({ ...rest, pid: runs }))).toContainEqual({
        user: 'www-data',
        home: '/var/www/.pm2',
        pid: false,
        failure: null,
        apps: ['api', 'myapp'],
        source: 'socket',
        unit: null,
      });
      // the home of the user who is gone is in no list now
      expect(answer.survey.filter(({ live }) => live !== null)).toHaveLength(3);
      expect(answer.config).toContain('web:');
    });

    it('as another user sees it', async () => {
      const answer = await asked('ops');
      expect(brief(answer)).toContainEqual(found('ops', '/home/ops/.pm2', ['job'], { unit: 'pm2-ops.service' }));
      expect(brief(answer)).toContainEqual(
        found('www-data', '/var/www/.pm2', ['api', 'myapp'], { failure: 'denied', source: 'dump' }),
      );
    });

    it('a daemon that does not answer', async () => {
      const [daemon] = host.daemons().filter(({ home }) => home === '/var/www/.pm2');
      if (!daemon) throw new Error('no daemon');
      await host.must(`kill -STOP ${daemon.pid}`);
      expect(brief(await asked())).toContainEqual(
        found('www-data', '/var/www/.pm2', ['api', 'myapp'], { failure: 'silent', source: 'dump' }),
      );
      await host.must(`kill -CONT ${daemon.pid}`);
    });

    it('is written where asked, once', async () => {
      const file = '/etc/fresh/config.yaml';
      expect(await host.run(`umask 077; ${init} --output ${file}`)).toMatchObject({
        status: 0,
        stdout: `drafted ${file}\nnext:  look it over, then:  pm2-guard check\n`,
        stderr: '',
      });
      expect(await host.tree('/etc/fresh')).toMatchObject([
        { mode: '755', owner: 'root' },
        { path: file, mode: '644', owner: 'root', type: 'f' },
      ]);
      await host.write(file, 'mine\n');
      expect(await host.run(`${init} --output ${file}`)).toMatchObject({
        status: 1,
        stdout: '',
        stderr:
          `pm2-guard: ${file} is there already, and is left as it is\n` +
          `  run:  sudo pm2-guard init --output ${file} --force\n`,
      });
      expect(await host.read(file)).toBe('mine\n');
      expect((await host.run(`${init} --output ${file} --force`)).status).toBe(0);
      expect(await host.read(file)).toContain('daemons:');
      expect(await host.run(`${init} --output /etc/other.yaml`, { user: 'alice' })).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          /cannot be written: .*EACCES.*\n {2}run: {2}sudo pm2-guard init --output \/etc\/other.yaml\n/,
        ) as string,
      });
    });
  });
});
