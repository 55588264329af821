import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { pm2Versions } from '../harness/fetch.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CALLER, CONFIG, HOME, Pids, PLACE, settled } from './comparison.ts';
import { commandLines, files, type Row } from './command-lines.ts';

/** Where the same lines are typed: without the guard, or with it and PM2_GUARD_CACHE. */
interface Side {
  host: Host;
  seen: Pids;
  env: NodeJS.ProcessEnv;
}

/**
 * Types the same lines on a plain host and on a guarded one for each value of PM2_GUARD_CACHE, and compares everything
 * that can be told. Each PM2 has a test file of its own, so that they run at the same time.
 */
export function compareOn(pm2: (typeof pm2Versions)[number], caches: readonly ('on' | 'off')[]): void {
  describeOnHost(`typed with and without the guard, PM2 ${pm2}, PM2_GUARD_CACHE=${caches.join(', ')}`, () => {
    let plain: Side, guarded: Side[];
    beforeAll(async () => {
      [plain, guarded] = await Promise.all([prepared(pm2), Promise.all(caches.map((cache) => prepared(pm2, cache)))]);
    });
    afterAll(() => Promise.all([plain, ...guarded].map(({ host }) => host.dispose())));

    it.each(commandLines.map((row, index) => [index + 1, row.line, row] as const))('%i: %s', async (_, __, row) => {
      const [without, ...withGuard] = await Promise.all([plain, ...guarded].map((side) => typed(side, row)));
      for (const each of withGuard) expect(each).toEqual(without);
    });

    it('leaves the same files, owners and modes in PM2_HOME', async () => {
      for (const side of guarded) expect(await listing(side)).toEqual(await listing(plain));
    });

    it('ran at least 80 command lines', () => {
      expect(commandLines.length).toBeGreaterThanOrEqual(80);
    });
  });
}

async function prepared(pm2: (typeof pm2Versions)[number], cache?: string): Promise<Side> {
  const host = await createHost({ pm2 });
  if (cache !== undefined) await host.installGuard(CONFIG);
  for (const [name, text] of Object.entries(files)) await host.write(`${PLACE}/${name}`, text, { owner: CALLER });
  await host.must(`chown -R ${CALLER}: ${PLACE}`);
  // One app after the other, or PM2 reports them in the order of chance.
  const env = { PM2_CONCURRENT_ACTIONS: '1', ...(cache === undefined ? {} : { PM2_GUARD_CACHE: cache }) };
  return { host, seen: new Pids(), env };
}

async function typed({ host, seen, env }: Side, { line, input, unordered }: Row) {
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

async function listing({ host }: Side): Promise<string[]> {
  return (await host.tree(HOME)).map(
    ({ path, type, mode, owner, group }) => `${path} ${type} ${mode} ${owner}:${group}`,
  );
}
