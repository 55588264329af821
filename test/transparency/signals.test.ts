import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CALLER, CONFIG, HOME, Pids, PLACE, settled } from './comparison.ts';
import { files } from './command-lines.ts';

for (const pm2 of ['7.0.4', '6.0.14', '5.4.3'] as const) {
  describeOnHost(`signals, terminals and processes with and without the guard, PM2 ${pm2}`, () => {
    let plain: Host, guarded: Host;
    const caller = { user: CALLER, cwd: PLACE };
    beforeAll(async () => {
      [plain, guarded] = await Promise.all([createHost({ pm2 }), createHost({ pm2 })]);
      await guarded.installGuard(CONFIG);
      await Promise.all(
        [plain, guarded].map(async (host) => {
          for (const [name, text] of Object.entries(files))
            await host.write(`${PLACE}/${name}`, text, { owner: CALLER });
          await host.standInSystemctl();
          await host.must('pm2 start app.js && pm2 start cluster.js -i 1', { ...caller, env: { OWN: 'variable' } });
        }),
      );
    });
    afterAll(() => Promise.all([plain.dispose(), guarded.dispose()]));

    /** The same on both hosts; what comes out of it must be the same, too. */
    async function alike<T>(act: (host: Host) => Promise<T>): Promise<T> {
      const [without, withGuard] = await Promise.all([act(plain), act(guarded)]);
      expect(withGuard).toEqual(without);
      return withGuard;
    }

    it('Ctrl-C ends pm2 logs', async () => {
      const { status } = await alike(async (host) => {
        const logs = host.tty('pm2 logs app', caller);
        await logs.seen(/up/);
        logs.type('\x03');
        const result = await logs.result();
        return {
          status: result.status,
          signal: result.signal,
          after: result.stdout.slice(result.stdout.indexOf('^C')),
        };
      });
      expect(status).not.toBeNull();
    });

    it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGKILL'] as const)(
      '%s ends pm2 logs as it always did',
      async (signal) => {
        await alike(async (host) => {
          const logs = host.start(['pm2', 'logs', 'app', '--raw'], caller);
          await logs.seen(/up/);
          logs.kill(signal);
          const { status, signal: by, stderr } = await logs.result();
          return { status, by, stderr };
        });
        expect(await guarded.apps(HOME)).toHaveLength(2);
      },
    );

    it('is one process while it runs', async () => {
      await alike(async (host) => {
        const before = new Set(host.processes().map(({ pid }) => pid));
        const logs = host.start(['pm2', 'logs', 'app', '--raw'], caller);
        await logs.seen(/up/);
        const added = host
          .processes()
          .filter(({ pid }) => !before.has(pid))
          .map(({ uid }) => uid);
        logs.kill('SIGKILL');
        await logs.result();
        return added;
      });
    });

    it.each(['pm2 list', 'pm2 jlist', 'pm2 --help', 'pm2 describe app', 'pm2 nosuch', 'pm2 restart app'])(
      '%s looks the same on a terminal',
      async (line) => {
        await alike(async (host) => {
          const pids = new Pids();
          await pids.look(host);
          const { stdout, status } = await host.tty(line, caller).result();
          await pids.look(host);
          return { status, stdout: pids.strike(settled(stdout)) };
        });
      },
    );

    it('gives the daemon and the apps the same surroundings', async () => {
      const { daemons } = await alike(async (host) => ({
        daemons: host.daemons().map(({ env, cwd, uid, home }) => ({ env, cwd, uid, home })),
        apps: (await host.apps(HOME)).map(({ name, uid, env }) => ({
          name,
          uid,
          env: Object.entries(env)
            .map(([key, value]) => `${key}=${settled(value)}`)
            .sort(),
        })),
      }));
      expect(daemons).toMatchObject([{ home: HOME, env: { OWN: 'variable' } }]);
    });

    it('gives them to what bash starts as well, but for the path of pm2 itself', async () => {
      await alike(async (host) => {
        await host.exec(['bash', '-c', 'pm2 kill; pm2 start app.js; true'], {
          ...caller,
          env: { EMPTY: '', LINES: 'a\nb', UTF8: 'é' },
        });
        const [daemon] = host.daemons();
        return Object.fromEntries(
          Object.entries(daemon?.env ?? {}).map(([name, value]) => [
            name,
            name === '_' ? value.replace('/usr/local/bin/', '/usr/bin/') : value,
          ]),
        );
      });
    });

    it('writes the same unit at pm2 startup', async () => {
      const unit = await alike(async (host) => {
        const { stdout, stderr, status } = await host.run(`pm2 startup systemd -u ${CALLER} --hp /home/${CALLER}`);
        return {
          stdout,
          stderr,
          status,
          unit: await host.read(`/etc/systemd/system/pm2-${CALLER}.service`),
          systemctl: await host.read('/var/log/systemctl'),
        };
      });
      expect(unit.unit).toContain(`User=${CALLER}\n`);
    });

    it("root's call, once rewritten, is one process and the owner's", async () => {
      const before = new Set(guarded.processes().map(({ pid }) => pid));
      const logs = guarded.start(['pm2', 'logs', 'app', '--raw'], { cwd: '/' });
      await logs.seen(/up/);
      await expect
        .poll(() =>
          guarded
            .processes()
            .filter(({ pid }) => !before.has(pid))
            .map(({ uid }) => uid),
        )
        .toEqual([guarded.account(CALLER).uid]);
      logs.kill('SIGTERM');
      expect(await logs.result()).toMatchObject({ status: null, signal: 'SIGTERM' });
    });
  });
}
