import { describe, expect, it } from 'vitest';
import { isAsShown } from '../../src/adopt/as-shown.ts';
import { consentFor, steeringOf } from '../../src/adopt/consent.ts';
import type { Move } from '../../src/adopt/move.ts';
import { relocate } from '../../src/adopt/relocate.ts';
import { planLines } from '../../src/commands/adopt-words.ts';
import type { Pm2Env } from '../../src/pm2/record.ts';
import { moveOf, seatOf } from './seats.ts';

const mira = seatOf('mira', 61_001);
const shop = seatOf('shop', 61_002);
const place = { foreign: true, seat: mira, keeper: mira } as unknown as Parameters<typeof consentFor>[1];

const RECORD: Pm2Env = {
  name: 'till',
  status: 'online',
  pm_exec_path: '/opt/till/main.js',
  exec_interpreter: 'node',
  exec_mode: 'fork_mode',
  pm_cwd: '/opt/till',
  args: ['--fast'],
  env: { COLOUR: 'green' },
  COLOUR: 'green',
};

/** The move of one process with this record from mira's daemon to shop's. */
function moveWith(record: Pm2Env): Move {
  const from = { pm2Homes: [mira.pm2Home], homeDirectory: mira.homeDirectory, uid: mira.uid };
  const { record: after } = relocate(record, true, from, shop);
  const processes = [{ pmId: 0, running: true, before: record, after }];
  return moveOf([{ name: 'till', processes, twin: false, minUptime: 1000, ports: [], dropped: [] }], mira, shop);
}
const digestOf = (record: Pm2Env) => consentFor(moveWith(record), place)?.digest;
const runsLine = (record: Pm2Env) => planLines({ move: moveWith(record), problems: [], notes: [], consent: null })[1];

describe('the digest of a plan', () => {
  it.each<[what: string, change: Pm2Env]>([
    ['a variable of env', { env: { COLOUR: 'red' } }],
    ['a variable that is in the record alone', { NODE_OPTIONS: '--require=/tmp/x.js' }],
    ['any other variable there', { DATABASE: 'mysql://elsewhere' }],
    ['a nested environment', { env_production: { NODE_OPTIONS: '--inspect' } }],
    ['a list in place of a text', { COLOUR: ['green'], env: { COLOUR: ['green'] } }],
    ['a field that restarts it', { max_memory_restart: 1000 }],
    ['its interpreter', { exec_interpreter: '/opt/till/node' }],
  ])('is another one after a change of %s', (_, change) => {
    expect(digestOf({ ...RECORD, ...change })).not.toBe(digestOf(RECORD));
  });
  it('is the same after a restart, and in another order of the fields', () => {
    const { env, ...rest } = RECORD;
    const restarted = { env: { unique_id: 'b', ...(env as object) }, restart_time: 4, pm_uptime: 9, pm_id: 3, ...rest };
    expect(digestOf({ ...restarted, axm_monitor: { Heap: { value: 3 } }, versioning: {} })).toBe(digestOf(RECORD));
  });
});

describe('the plan shows', () => {
  it.each<[what: string, change: Pm2Env, shown: string]>([
    ['a steering variable of env', { env: { NODE_OPTIONS: '--inspect' } }, 'NODE_OPTIONS=--inspect'],
    ['one of the record alone', { LD_PRELOAD: '/tmp/x.so' }, 'LD_PRELOAD=/tmp/x.so'],
    ['one that is a list', { env: { NODE_OPTIONS: ['--require=/tmp/x.js'] } }, 'NODE_OPTIONS=--require=/tmp/x.js'],
    ['one that is a nested list', { env: { BASH_ENV: [['/tmp/x'], 5] } }, 'BASH_ENV=/tmp/x,5'],
  ])('%s', (_, change, shown) => {
    expect(steeringOf(moveWith({ ...RECORD, ...change }))).toContain(shown);
  });
  it('no steering variable where there is none', () => {
    expect(steeringOf(moveWith(RECORD))).toEqual([]);
  });
  it('a script, an argument and a directory of any type', () => {
    expect(runsLine(RECORD)).toBe('  runs      node /opt/till/main.js --fast   in /opt/till');
    expect(runsLine({ ...RECORD, pm_exec_path: ['/tmp/x.js'], args: [7, ['-e']], pm_cwd: ['/tmp'] })).toBe(
      '  runs      node /tmp/x.js 7 -e   in /tmp',
    );
  });
});

describe('a record of the list that a daemon left', () => {
  /** The environment in /proc of a process with that record. */
  const spawned = { ...RECORD, args: ['--fast'], env: {}, NODE_CHANNEL_FD: '3', LIMIT: 'NaN', axm_actions: '' };
  const added = { till: {}, filter_env: [], _tree_pids: [7, 8] };
  const listed = { ...RECORD, ...added, LIMIT: null, axm_actions: [{ action_name: 'gc' }], restart_time: 2 };
  it('is as shown', () => {
    expect(isAsShown(listed, [spawned], true)).toBe(true);
  });
  it.each<[what: string, listed: Pm2Env, shown: Pm2Env]>([
    ['has a new variable', { ...listed, env: { COLOUR: 'green', AUTH: 'off' } }, spawned],
    ['has a new variable that is a list', { ...listed, env: { COLOUR: 'green', NODE_OPTIONS: ['--r=/x'] } }, spawned],
    ['has a new variable that is an object', { ...listed, NODE_OPTIONS: {} }, spawned],
    ['has another value', { ...listed, env: { COLOUR: 'red' } }, spawned],
    ['has null for a value', { ...listed, env: { COLOUR: null } }, spawned],
    ['lacks a variable', listed, { ...spawned, AUTH: 'on' }],
    ['has a variable with the name of a method', { ...listed, valueOf: 'x' }, spawned],
  ])('is not if it %s', (_, record, shown) => {
    expect(isAsShown(record, [shown], true)).toBe(false);
    expect(isAsShown(record, [shown], false)).toBe(true);
  });
  it('is as shown if a list has the same text', () => {
    expect(isAsShown({ ...listed, ignore_watch: ['a', 'b'] }, [{ ...spawned, ignore_watch: 'a,b' }], true)).toBe(true);
  });
  it('may hold an object with any fields', () => {
    expect(isAsShown({ ...listed, odd: { toString: 1 } }, [{ ...spawned, odd: '[object Object]' }], true)).toBe(true);
  });
});
