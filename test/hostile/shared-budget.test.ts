import { asPm2Home } from '../../src/runtime/brands.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { daemonFacts } from '../../src/host/daemons/daemon-facts.ts';
import type { LiveDaemon } from '../../src/host/daemons/live-daemons.ts';
import { encode } from '../../src/pm2/amp.ts';
import { ByteBudget } from '../../src/pm2/rpc.ts';

const place = mkdtempSync(join(tmpdir(), 'budget-'));
const socket = join(place, 'rpc.sock');
const MIB = 1 << 20;
let server: Server;
beforeAll(async () => {
  const list = [[{ pm_id: 1, pm2_env: { name: 'a', filler: 'x'.repeat(2 * MIB) } }]];
  server = createServer((client: Socket) => {
    client.on('error', () => undefined);
    client.on('data', (call) => {
      for (const [, id = ''] of call.toString('latin1').matchAll(/s:(\d+:pm2-guard:\d+)/g))
        client.write(encode([{ args: list }, id]));
    });
  });
  await new Promise<void>((ready) => server.listen(socket, ready));
});
afterAll(() => {
  server.close();
  rmSync(place, { recursive: true });
});

const live: LiveDaemon = {
  socket,
  pm2Home: asPm2Home(place),
  elsewhere: false,
  door: socket,
  pid: null,
  uid: null,
  user: null,
  reachable: true,
};
const nothing = { byPid: new Map(), children: new Map(), holders: new Map() };
const askedWith = (bytes: ByteBudget, deadline: number) =>
  daemonFacts(live, nothing, new Map(), [], { bytes, deadline });

it('doctor reads the answers of all daemons from one budget of bytes', async () => {
  const bytes = new ByteBudget(5 * MIB); // an answer has two parts of 2 MiB
  const later = Date.now() + 60_000;
  expect((await askedWith(bytes, later)).apps.map(({ name }) => name)).toEqual(['a']);
  expect(await askedWith(bytes, later)).toMatchObject({ apps: [], failure: { type: 'silent' } });
});

it('doctor asks no daemon once the time for all of them is over', async () => {
  const asked = await askedWith(new ByteBudget(50 * MIB), Date.now() - 1);
  expect(asked).toMatchObject({ apps: [], failure: { type: 'silent' } });
});
