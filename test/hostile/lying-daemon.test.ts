import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { draft } from '../../src/host/draft/draft.ts';
import type { FoundDaemon } from '../../src/host/survey.ts';
import { encode } from '../../src/pm2/amp.ts';
import { readDump, readDumpRecords } from '../../src/pm2/dump.ts';
import { isModule, isRunning, minUptimeOf, recordsIn } from '../../src/pm2/record.ts';
import { askDaemon, ByteBudget, listAndReport, listApps, type ListedProcess } from '../../src/pm2/rpc.ts';
import { asPid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { runs } from '../random-runs.ts';

const ANSWERS = runs(10_000).numRuns;
const place = mkdtempSync(join(tmpdir(), 'liar-'));
const path = join(place, 'rpc.sock');
let server: Server;
let answer: (ids: string[]) => Buffer[] = () => [];
let crashes: unknown[] = [];
const crashed = (error: unknown) => {
  crashes.push(error);
};

beforeAll(async () => {
  process.on('uncaughtException', crashed);
  server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (call) => {
      const ids = [...call.toString('latin1').matchAll(/s:(\d+:pm2-guard:\d+)/g)].map(([, id = '']) => id);
      for (const part of answer(ids)) socket.write(part);
      socket.end();
    });
  });
  await new Promise<void>((ready) => server.listen(path, ready));
});
afterAll(() => {
  process.removeListener('uncaughtException', crashed);
  server.close();
  rmSync(place, { recursive: true });
});

/** Values that break code which converts, compares, indexes or allocates without a look at the type. */
const poison = fc.constantFrom<unknown>(
  { toString: 1, valueOf: 1 },
  { toString: null },
  { length: -1 },
  { length: 4_294_967_296 },
  [[]],
  '',
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  1e308,
  -1,
  0.5,
  2 ** 53,
  null,
  true,
  '__proto__',
  'constructor',
  '/',
  '../../etc/passwd',
  '/etc/passwd\n',
  'a\nb',
  '--yes',
  '-rf',
  { then: 1 },
);
const KEYS = [
  'name',
  'pm_id',
  'pid',
  'pm2_env',
  'namespace',
  'pm_exec_path',
  'pm_cwd',
  'status',
  'restart_time',
  'exec_mode',
  'username',
  'pmx_module',
  'min_uptime',
  'env',
  'args',
  'error',
  'pm2_version',
  'node_version',
  'argv',
  '__proto__',
  'toString',
  'hasOwnProperty',
];
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: false },
    poison,
    fc.integer(),
    fc.string({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
  ),
}));
const entry = fc.record({
  pm_id: fc.oneof(fc.nat(), value),
  pid: value,
  name: value,
  pm2_env: fc.dictionary(fc.constantFrom(...KEYS), value),
});
const body = fc.oneof(
  value,
  fc.record({ args: fc.tuple(fc.array(fc.oneof(entry, value), { maxLength: 5 })) }),
  fc.record({ error: value }),
);

/** JSON, which unlike JSON.stringify keeps `__proto__` as a key. */
const frames = (bodies: readonly unknown[], ids: readonly unknown[]): Buffer =>
  Buffer.concat(bodies.map((one, at) => encode([one as object, ids[at % Math.max(ids.length, 1)] ?? 'x'])));

function isBounded({ name, namespace, script, cwd, pmId, pid, status, restarts, username }: ListedProcess): boolean {
  const texts = [name, namespace, script, cwd, status, username].every(
    (text) => text === null || (typeof text === 'string' && text.length <= 4096),
  );
  return (
    texts && [pmId, pid, restarts].every((number) => number === null || (Number.isSafeInteger(number) && number >= 0))
  );
}

describe('a daemon that lies', () => {
  it(`gives ${ANSWERS} random answers, and none of them ends the process or gets past its bounds`, async () => {
    const kinds = new Map<string, number>();
    const property = fc.asyncProperty(
      fc.array(body, { minLength: 1, maxLength: 3 }),
      fc.oneof(fc.constant(null), value),
      fc.nat(9),
      async (bodies, id, cut) => {
        answer = (ids) => {
          const whole = frames(bodies, id === null ? ids : [id, ...ids]);
          return cut === 0
            ? [whole.subarray(0, Math.floor(whole.length / 2))]
            : cut === 1
              ? [Buffer.from(JSON.stringify(bodies))]
              : [whole];
        };
        const [list, report] = await listAndReport(path, { timeoutMs: 2000 });
        kinds.set(list.type, (kinds.get(list.type) ?? 0) + 1);
        expect(report.type).toBeTypeOf('string');
        if (list.type !== 'answered') return;
        expect(list.apps.filter((app) => !isBounded(app))).toEqual([]);
        expect(() => parse(draft([living(list.apps)])) as unknown).not.toThrow();
      },
    );
    await fc.assert(property, { numRuns: ANSWERS, seed: 20_261_127, endOnFailure: true });
    expect(crashes).toEqual([]);
    expect([...kinds.keys()].sort()).toEqual(['answered', 'nonsense']);
    crashes = [];
  }, 300_000);

  it('has its records read within bounds', async () => {
    const property = fc.asyncProperty(fc.array(fc.oneof(entry, value), { maxLength: 5 }), async (list) => {
      answer = (ids) => [frames([{ args: [list] }], ids)];
      const records = recordsIn(await askDaemon(path, 'getMonitorData', {}, { timeoutMs: 2000 })) ?? [];
      for (const { pmId, pid, record } of records) {
        expect([Number.isSafeInteger(pmId), pid >= 0 && pid <= 4_194_304]).toEqual([true, true]);
        expect([isRunning(record), isModule(record)].map((one) => typeof one)).toEqual(['boolean', 'boolean']);
        expect(minUptimeOf([record])).toBeLessThanOrEqual(600_000);
      }
    });
    await fc.assert(property, { numRuns: 500, seed: 7 });
  }, 60_000);

  const lies: [what: string, answer: (ids: string[]) => Buffer[]][] = [
    ['answers with an id that cannot be a string', () => [encode([{ args: [[]] }, { toString: 1, valueOf: 1 }])]],
    [
      'answers with an error that cannot be a string',
      (ids) => ids.map((id) => encode([{ error: { toString: 1, valueOf: 1 } }, id])),
    ],
    ['sends thirty million values', (ids) => [frame(`{"args":[[${'[],'.repeat(10_000_000)}0]]}`, ids[0] ?? '')]],
    ['sends a million empty messages', () => [Buffer.alloc(1_000_000, 0x10)]],
    [
      'sends its whole answer again and again',
      (ids) => Array.from({ length: 90 }, () => frame(`"${'x'.repeat(1 << 20)}"`, `not ${ids[0] ?? ''}`)),
    ],
  ];
  it.each(lies)('%s', async (_, lie) => {
    answer = lie;
    const before = process.memoryUsage().rss;
    expect((await listApps(path, { timeoutMs: 20_000 })).type).toBe('nonsense');
    expect(crashes).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(600 << 20);
  });

  it('has its list cut, its names dropped where they are too long, and its depth refused', async () => {
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    answer = (ids) => [frame(`{"args":[[{"pm_id":1,"pm2_env":{"name":"a","env":${deep}}}]]}`, ids[0] ?? '')];
    expect(recordsIn(await askDaemon(path, 'getMonitorData', {}, { timeoutMs: 5000 }))).toEqual([]);
    const entries = Array.from({ length: 30_000 }, (_, at) => ({
      pm_id: at,
      pm2_env: { name: at === 0 ? 'n'.repeat(4097) : `a${at}` },
    }));
    answer = (ids) => [encode([{ args: [entries] }, ids[0] ?? ''])];
    const list = await listApps(path, { timeoutMs: 5000 });
    expect(list.type === 'answered' ? [list.apps.length, list.apps[0]?.name] : list).toEqual([19_999, 'a1']);
  });

  it('shares its bytes with the others that are asked', async () => {
    const budget = new ByteBudget(3 << 20);
    answer = (ids) => [
      frame(`{"args":[[{"pm_id":1,"pm2_env":{"name":"a","x":"${'x'.repeat(2 << 20)}"}}]]}`, ids[0] ?? ''),
    ];
    expect((await listApps(path, { timeoutMs: 5000, budget })).type).toBe('answered');
    expect((await listApps(path, { timeoutMs: 5000, budget })).type).toBe('silent');
  });
});

it('a dump of another user is read within the same bounds', () => {
  const file = join(place, 'dump.pm2');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readDump(file);
  };
  expect(read(`[{"name":"${'n'.repeat(5000)}"},{"name":"a","pm_cwd":"/${'d'.repeat(400_000)}"}]`)).toEqual([
    { name: 'a', namespace: null, script: null, cwd: null },
  ]);
  expect(read(`[${'[],'.repeat(10_000_000)}0]`)).toBeNull();
  expect(read(`[{"name":"a","env":${'['.repeat(5000)}${']'.repeat(5000)}}]`)).toEqual([]);
  expect(readDumpRecords(file)).toEqual([]);
});

function frame(json: string, id: string): Buffer {
  const parts = [`j:${json}`, `s:${id}`].map((text) => Buffer.from(text));
  return Buffer.concat([
    Buffer.from([0x12]),
    ...parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  ]);
}

function living(apps: readonly ListedProcess[]): FoundDaemon {
  const home = '/var/www/.pm2';
  return {
    user: 'www-data',
    pm2Home: asPm2Home(home),
    failure: null,
    source: 'socket',
    unit: null,
    apps: [...apps],
    live: {
      socket: `${home}/rpc.sock`,
      pm2Home: asPm2Home(home),
      pid: asPid(7),
      uid: asUid(33),
      user: 'www-data',
      reachable: true,
      elsewhere: false,
      door: `${home}/rpc.sock`,
    },
  };
}
