import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, daemonsOn, OPS, SITE, WEB } from '../traps/twins.ts';
import { acceptance, adopt, running, savedIn } from './scene.ts';

const pm2 = '/usr/bin/pm2';

/** The journals of a host, line by line; null: there is none. */
function journal(host: Host): string[] | null {
  const place = `/proc/${host.init}/root/var/lib/pm2-guard/adopt`;
  try {
    const name = readdirSync(place).find((entry) => entry.endsWith('.journal'));
    return name === undefined ? null : readFileSync(join(place, name), 'utf8').split('\n').slice(0, -1);
  } catch {
    return null;
  }
}

/** Adopts, and kills it as soon as its journal says so. Returns the journal that is left; null: it was over. */
async function killedWhen(host: Host, words: string, when: (lines: string[]) => boolean): Promise<string[] | null> {
  const options = (await acceptance(host, words)).split(' ').filter((word) => word !== '');
  const call = host.start(['pm2-guard', 'adopt', ...words.split(' '), '--yes', ...options]);
  const over = new AbortController();
  void call.result().finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) {
    const lines = journal(host);
    if (lines !== null && when(lines)) {
      call.kill('SIGKILL');
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await call.result();
  return journal(host);
}

describeOnHost('adopt, killed at each of its steps', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
    await host.write(
      '/srv/site.config.js',
      `module.exports = { apps: [{ name: 'myapp', script: '${SITE}/server.js', cwd: '${SITE}', min_uptime: 100, ` +
        `args: '--twice' }, { name: 'other', script: '${SITE}/server.js', cwd: '${SITE}', env: { PORT: 3001 } }] };`,
    );
    await host.must(`${pm2} start /srv/site.config.js && ${pm2} save && ${pm2} stop other`, { user: 'ops' });
  });
  afterAll(() => host.dispose());

  const seats = { [OPS]: { daemon: 'ops', user: 'ops' }, [WEB]: { daemon: 'web', user: 'www-data' } } as const;
  /** It runs once, there; the lists say so, and what else was saved still is. */
  const expectOnlyIn = async (home: string) => {
    const uid = host.account(seats[home as keyof typeof seats].user).uid;
    for (const [place, others] of [
      [OPS, ['other']],
      [WEB, []],
    ] as const) {
      expect((await running(host, place)).filter((one) => !one.startsWith('other'))).toEqual(
        place === home ? [`myapp ${uid} online`] : [],
      );
      expect((await savedIn(host, place)) ?? []).toEqual([...(place === home ? ['myapp'] : []), ...others]);
    }
    // A process that has just begun does not yet have its title.
    await expect
      .poll(() =>
        host
          .processes()
          .filter(({ command }) => command.includes('server.js'))
          .map((one) => one.uid),
      )
      .toEqual([uid]);
    expect((await host.apps(home)).find(({ name }) => name === 'myapp')?.pm2).toMatchObject({
      args: ['--twice'],
      min_uptime: 100,
    });
  };

  let home: string = OPS;
  const lines = 1 + 2 * 7;
  for (const way of ['rollback', 'resume'] as const) {
    // Back from each line; on from every second, which is before a step or after it in turn.
    const counts = Array.from({ length: lines }, (_, at) => at + 1).filter(
      (count) => way === 'rollback' || count % 4 < 2,
    );
    it.each(counts)(`--${way} after line %i of the journal`, async (count) => {
      const target = home === OPS ? WEB : OPS;
      const left = await killedWhen(
        host,
        `myapp --from ${home} --to ${seats[target].daemon}`,
        (entries) => entries.length >= count,
      );
      if (left !== null) {
        const refused = await adopt(host, 'myapp --yes');
        expect(refused).toMatchObject({
          status: 2,
          stdout: '',
          stderr: expect.stringMatching(/^pm2-guard: moving myapp from .* was cut off/) as string,
        });
        const { status, stdout, stderr } = await adopt(host, `--${way}`);
        expect({ status, stderr, stdout }).toMatchObject({
          status: 0,
          stderr: '',
          stdout: expect.stringMatching(way === 'resume' ? /^myapp: moved/ : /^myapp: put back/) as string,
        });
      }
      if (left === null || way === 'resume') home = target;
      await expectOnlyIn(home);
      // Nothing of the secrets is left; killed when all was over, it may have left the lock of a process that is no
      // more.
      const kept = (await host.tree('/var/lib/pm2-guard/adopt')).filter(
        ({ path }) => left !== null || !path.endsWith('/lock'),
      );
      expect(kept).toMatchObject([{ mode: '700', owner: 'root' }]);
    });
  }

  it('has nothing to finish then', async () => {
    expect(await adopt(host, '--resume')).toMatchObject({ status: 0, stdout: 'no adoption was cut off\n' });
  });
});

describeOnHost('adopt of a whole daemon, killed', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());
  const after = (word: string) => (entries: string[]) => entries.some((entry) => entry.includes(word));

  it.each(['"step":"end","at":"begin"', '"step":"right","at":"begin"', '"step":"start","at":"begin"'])(
    'T12: goes on after %s',
    async (word) => {
      await host.must(`PM2_HOME=${WEB} ${pm2} start ${SITE}/server.js --name myapp --cwd ${SITE}`);
      expect(await killedWhen(host, 'myapp', after(word))).not.toBeNull();
      if (!word.includes('end'))
        expect(await adopt(host, '--rollback')).toMatchObject({
          status: 1,
          stderr: expect.stringContaining('there is no way back') as string,
        });
      expect(await adopt(host, '--resume')).toMatchObject({ status: 0 });
      expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
      expect(await running(host, WEB)).toEqual(['myapp 33 online']);
      expect(await savedIn(host, WEB)).toEqual(['myapp']);
      await host.must(`kill -9 -1; find ${WEB} -mindepth 1 -delete`);
    },
  );

  it.each(['"step":"end","at":"begin"', '"learned"'])('T33: goes on after %s', async (word) => {
    await host.must(
      `${pm2} start ${SITE}/server.js --name myapp --cwd ${SITE} -- --flag; find ${WEB} -mindepth 1 -delete; ` +
        `PORT=3001 ${pm2} start ${SITE}/server.js --name shop-new --cwd ${SITE}; ${pm2} save`,
      { user: 'www-data' },
    );
    expect(await killedWhen(host, 'myapp', after(word))).not.toBeNull();
    expect(await adopt(host, '--resume')).toMatchObject({ status: 0 });
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
    expect(await running(host, WEB)).toEqual(['myapp 33 online', 'shop-new 33 online']);
    expect(await savedIn(host, WEB)).toEqual(['myapp', 'shop-new']);
    expect((await host.apps(WEB)).find(({ name }) => name === 'myapp')?.pm2).toMatchObject({ args: ['--flag'] });
    await host.must(`kill -9 -1; find ${WEB} -mindepth 1 -delete`);
  });
});
