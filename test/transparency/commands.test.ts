import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CALLER, CONFIG, HOME, Pids, PLACE, settled } from './comparison.ts';
import { commandLines, files, type Row } from './command-lines.ts';

for (const [pm2, cache] of [
  ['7.0.4', 'on'],
  ['7.0.4', 'off'],
  ['6.0.14', 'on'],
  ['5.4.3', 'on'],
] as const) {
  describeOnHost(`typed with and without the guard, PM2 ${pm2}, PM2_GUARD_CACHE=${cache}`, () => {
    let plain: Host, guarded: Host;
    const pids = [new Pids(), new Pids()] as const;
    beforeAll(async () => {
      [plain, guarded] = await Promise.all([createHost({ pm2 }), createHost({ pm2 })]);
      await guarded.installGuard(CONFIG);
      await Promise.all(
        [plain, guarded].map(async (host) => {
          for (const [name, text] of Object.entries(files))
            await host.write(`${PLACE}/${name}`, text, { owner: CALLER });
          await host.must(`chown -R ${CALLER}: ${PLACE}`);
        }),
      );
    });
    afterAll(() => Promise.all([plain.dispose(), guarded.dispose()]));

    async function typed(host: Host, seen: Pids, { line, input, unordered }: Row) {
      // One app after the other, or PM2 reports them in the order of chance.
      const env = { PM2_CONCURRENT_ACTIONS: '1', ...(host === guarded ? { PM2_GUARD_CACHE: cache } : {}) };
      const { stdout, stderr, status, signal } = await host.run(line, {
        user: CALLER,
        cwd: PLACE,
        env,
        ...(input === undefined ? {} : { input }),
      });
      await seen.look(host);
      const shown = seen.strike(settled(stdout));
      return {
        stdout: unordered ? shown.split('\n').sort() : shown,
        stderr: seen.strike(settled(stderr)),
        status,
        signal,
      };
    }

    it.each(commandLines.map((row, index) => [index + 1, row.line, row] as const))('%i: %s', async (_, __, row) => {
      const [without, withGuard] = await Promise.all([typed(plain, pids[0], row), typed(guarded, pids[1], row)]);
      expect(withGuard).toEqual(without);
    });

    it('leaves the same files, owners and modes in PM2_HOME', async () => {
      const listing = async (host: Host) =>
        (await host.tree(HOME)).map(
          ({ path, type, mode, owner, group }) => `${path} ${type} ${mode} ${owner}:${group}`,
        );
      expect(await listing(guarded)).toEqual(await listing(plain));
    });

    it('ran at least 80 command lines', () => {
      expect(commandLines.length).toBeGreaterThanOrEqual(80);
    });
  });
}
