import { describe, expect, it } from 'vitest';
import { finish } from '../../src/adopt/adopt.ts';
import { answerIn } from '../../src/adopt/agent-protocol.ts';
import type { AdoptChoice } from '../../src/adopt/choose.ts';
import type { AppSource, HostInventory } from '../../src/adopt/find.ts';
import { plan } from '../../src/adopt/plan.ts';
import { asPid, asPm2Home } from '../../src/runtime/brands.ts';
import { seatOf } from './seats.ts';

const seat = seatOf('shop', 61_002);

function source(state: AppSource['state'], path: string, ...names: string[]): AppSource {
  const pm2Home = asPm2Home(path);
  return {
    state,
    pm2Home,
    seat: { ...seat, pm2Home },
    pid: state === 'saved' ? null : asPid(7),
    started: '1',
    processes: names.map((name, at) => ({ pmId: at, pid: 0, record: { name, pm_exec_path: `/opt/${name}.js` } })),
    modules: [],
    saved: [],
    foreign: false,
    keeper: { ...seat, pm2Home },
    trouble: null,
    ports: [],
  };
}
const move = (place: AppSource, at: number, ...stale: AppSource[]): AdoptChoice => {
  const process = place.processes[at];
  if (process === undefined) throw new Error(`no process ${at}`);
  return { type: 'move', copy: { name: process.record.name, place, processes: [process] }, to: seat, stale };
};
const planOf = (choices: AdoptChoice[], places: AppSource[]) => {
  const found: HostInventory = { places, portsOf: () => [], holdersOf: () => [], below: () => [] };
  return plan(choices, found, () => ({ node: '/usr/bin/node', pm2: null }), false);
};

describe('the apps of a daemon that has to end', () => {
  const lost = source('lost', '/home/shop/.pm2', 'till', 'stock', 'mail');
  const one = source('saved', '/srv/one/.pm2', 'till', 'mail');
  const two = source('saved', '/srv/two/.pm2', 'stock');
  const planned = planOf([move(lost, 0, one), move(lost, 1, two), move(lost, 2, one)], [lost, one, two]);

  it('leave every old list, and each list loses only its own', () => {
    expect(planned).toHaveLength(1);
    expect(planned[0]?.move.forget.map(({ pm2Home, names }) => [pm2Home, names])).toEqual([
      ['/srv/one/.pm2', ['till', 'mail']],
      ['/srv/two/.pm2', ['stock']],
    ]);
    expect(planned[0]?.notes.join('\n')).toMatch(/\/srv\/one\/\.pm2[^]*\/srv\/two\/\.pm2/);
  });

  it.each([
    ['the old daemon may be ending', [], 'end', false],
    ['its apps are known from the list that it left', ['end'], 'right', true],
  ] as const)('do not go back once %s', async (_, done, last, learned) => {
    const unfinished = { file: '/nonexistent/1.journal', done: [...done], last, back: false, learned };
    const whole = planned[0]?.move;
    if (whole === undefined) throw new Error('no plan');
    await expect(finish({ ...unfinished, move: whole }, 'rollback', () => undefined)).rejects.toThrow(
      /^there is no way back/,
    );
  });
});

describe('an answer of an agent', () => {
  it('is an object with its number', () => {
    expect(answerIn('{"id":3,"type":"done","result":[]}')).toEqual({ id: 3, type: 'done', result: [] });
  });
  it.each(['', 'Segmentation fault', '{"id":', 'null', '7', '[]', '{"type":"done"}', '{"id":"3"}'])(
    'is not: %s',
    (line) => {
      expect(answerIn(line)).toBeNull();
    },
  );
});
