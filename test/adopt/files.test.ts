import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, sweep, unfinished } from '../../src/adopt/journal.ts';
import { lastLines } from '../../src/adopt/last-lines.ts';
import { stepsOf, type Move } from '../../src/adopt/move.ts';
import { putRight } from '../../src/adopt/put-right.ts';
import { saveDump } from '../../src/adopt/save-dump.ts';
import type { Seat } from '../../src/adopt/seat.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { moveOf } from './seats.ts';

let place = '';
const here = process.cwd();
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'adopt-')));
});
afterEach(() => {
  process.chdir(here);
  rmSync(place, { recursive: true });
});

const seat: Seat = {
  label: 'web',
  user: 'nobody',
  uid: asUid(65534),
  gid: asGid(65534),
  homeDirectory: '/nonexistent',
  shell: '/bin/sh',
  pm2Home: asPm2Home(''),
};
const move = moveOf([], seat, seat);

describe('the steps of a move', () => {
  const of = (change: { ends?: boolean; overlap?: boolean; state?: Move['from']['state']; forget?: Move['forget'] }) =>
    stepsOf({ ...move, ...change, from: { ...move.from, state: change.state ?? 'live' } }).join(' ');
  it('stop first', () => {
    expect(of({})).toBe('right raise stop start settle remove save');
  });
  it('start first', () => {
    expect(of({ overlap: true })).toBe('right raise start settle stop remove save');
  });
  it('end the daemon', () => {
    expect(of({ ends: true })).toBe('end right raise start settle save');
  });
  it('from a saved list', () => {
    expect(of({ state: 'saved', forget: [{ ...seat, names: [] }] })).toBe('right raise start settle save forget');
  });
});

describe('the journal', () => {
  it('tells how far a move came', () => {
    const journal = Journal.begin(place, move);
    journal.write({ step: 'raise', at: 'begin', back: false });
    journal.write({ step: 'raise', at: 'done', back: false });
    journal.write({ step: 'stop', at: 'begin', back: false });
    expect(statSync(journal.file).mode & 0o777).toBe(0o600);
    expect(unfinished(place)).toMatchObject([
      { done: ['raise'], last: 'stop', back: false, learned: false, move: { to: { user: 'nobody' } } },
    ]);
    writeFileSync(journal.file, `${readFileSync(journal.file, 'utf8')}{"step":"stop","at":"do`); // the power failed
    expect(unfinished(place)).toMatchObject([{ done: ['raise'], last: 'stop' }]);
    journal.write({ back: true, why: '' });
    journal.close();
    expect(readdirSync(place)).toEqual([]);
  });
  it('knows a way back, and what was learned', () => {
    const journal = Journal.begin(place, move);
    journal.write({ learned: [{ name: 'a', processes: [], twin: false, minUptime: 1, ports: [], dropped: [] }] });
    journal.write({ back: true, why: 'it failed' });
    journal.write({ step: 'start', at: 'done', back: true });
    expect(unfinished(place)).toMatchObject([{ back: true, learned: true, done: [], move: { apps: [{ name: 'a' }] } }]);
  });
  it('whose first line was cut off is of a move that had not begun', () => {
    writeFileSync(join(place, '1.journal'), '{"move":{"ap');
    expect(unfinished(place)).toEqual([]);
    sweep(place);
    expect(readdirSync(place)).toEqual([]);
    expect(unfinished(join(place, 'nowhere'))).toEqual([]);
  });
});

describe('a saved list', () => {
  const home = () => join(place, '.pm2');
  const names = () =>
    (JSON.parse(readFileSync(join(home(), 'dump.pm2'), 'utf8')) as { name: string }[]).map(({ name }) => name);
  // Root writes where only root could have led it: not below /tmp.
  const asOwner = (action: () => void) => {
    if (process.geteuid?.() !== 0) {
      action();
      return;
    }
    chownSync(place, 65534, 65534);
    process.seteuid?.(65534);
    try {
      action();
    } finally {
      process.seteuid?.(0);
    }
  };
  it('changes in the entries of the app alone, and keeps its mode', () => {
    asOwner(() => {
      mkdirSync(home());
      writeFileSync(join(home(), 'dump.pm2'), JSON.stringify([{ name: 'a' }, { name: 'b' }, { name: 'a' }]), {
        mode: 0o640,
      });
      saveDump({ pm2Home: asPm2Home(home()), names: ['a', 'c'], records: [{ name: 'c' }] });
      expect(names()).toEqual(['b', 'c']);
      expect(statSync(join(home(), 'dump.pm2')).mode & 0o777).toBe(0o640);
      expect(readFileSync(join(home(), 'dump.pm2.bak'), 'utf8')).toBe('[{"name":"a"},{"name":"b"},{"name":"a"}]');
      saveDump({ pm2Home: asPm2Home(home()), names: ['b', 'c'], records: [] });
      expect(names()).toEqual([]);
    });
  });
  it('is made for its owner alone where there was none, and not at all for nothing', () => {
    asOwner(() => {
      mkdirSync(home());
      saveDump({ pm2Home: asPm2Home(home()), names: ['a'], records: [] });
      expect(readdirSync(home())).toEqual([]);
      saveDump({ pm2Home: asPm2Home(home()), names: ['a'], records: [{ name: 'a' }] });
      expect(statSync(join(home(), 'dump.pm2')).mode & 0o777).toBe(0o600);
    });
  });
  it("that is none of PM2's stays as it is", () => {
    asOwner(() => {
      mkdirSync(home());
      writeFileSync(join(home(), 'dump.pm2'), 'module.exports = []');
      expect(() => {
        saveDump({ pm2Home: asPm2Home(home()), names: ['a'], records: [{ name: 'a' }] });
      }).toThrow('is no list that pm2 has saved');
      expect(readFileSync(join(home(), 'dump.pm2'), 'utf8')).toBe('module.exports = []');
    });
  });
  it.runIf(process.geteuid?.() === 0)('is not written by root on a path that another user could change', () => {
    mkdirSync(home());
    expect(() => {
      saveDump({ pm2Home: asPm2Home(home()), names: ['a'], records: [{ name: 'a' }] });
    }).toThrow(`root does not write in ${home()}`);
  });
});

describe.runIf(process.geteuid?.() === 0)('what root left in a PM2_HOME', () => {
  const pm2Home = () => join(place, '.pm2');
  const put = (name: string, mode = 0o644) => {
    writeFileSync(join(pm2Home(), name), name);
    chmodSync(join(pm2Home(), name), mode);
  };
  const owner = (name: string) => lstatSync(join(pm2Home(), name)).uid;
  const right = (dry = false) => putRight({ ...seat, pm2Home: asPm2Home(pm2Home()) }, dry);
  beforeEach(() => {
    chownSync(place, seat.uid, seat.gid);
    mkdirSync(pm2Home());
  });

  it("is given: PM2's own files and directories, whatever else is there", async () => {
    for (const name of ['logs', 'modules', 'pids']) mkdirSync(join(pm2Home(), name));
    for (const name of ['pm2.log', 'dump.pm2', 'logs/a.log', 'pids/a-0.pid']) put(name);
    const all = ['', '/pm2.log', '/dump.pm2', '/logs', '/pids', '/modules', '/logs/a.log', '/pids/a-0.pid'];
    expect(await right(true)).toEqual({ given: all.map((name) => pm2Home() + name), removed: [], left: [] });
    expect(owner('.')).toBe(0);
    expect(await right()).toEqual({ given: all.map((name) => pm2Home() + name), removed: [], left: [] });
    for (const name of all) expect([name, owner(`./${name}`)]).toEqual([name, 65534]);
    mkdirSync(join(pm2Home(), 'own'));
    put('app.js');
    expect(await right()).toEqual({ given: [], removed: [], left: [] });
    expect(['own', 'app.js'].map(owner)).toEqual([0, 0]);
  });
  it('is not: what is below a directory in logs, whichever user owns it', async () => {
    chownSync(pm2Home(), seat.uid, seat.gid);
    for (const name of ['logs', 'logs/site', 'logs/site/backup']) mkdirSync(join(pm2Home(), name), { mode: 0o755 });
    for (const name of ['logs', 'logs/site']) chownSync(join(pm2Home(), name), seat.uid, seat.gid);
    put('logs/site/backup/shop.log');
    put('logs/site/pm2.log');
    expect(await right()).toEqual({ given: [], removed: [], left: [] });
    expect(['logs/site/backup', 'logs/site/backup/shop.log', 'logs/site/pm2.log'].map(owner)).toEqual([0, 0, 0]);
  });
  it("is not: links, second names, what only root may read, other users' files", async () => {
    chownSync(pm2Home(), seat.uid, seat.gid);
    mkdirSync(join(pm2Home(), 'logs'));
    chownSync(join(pm2Home(), 'logs'), seat.uid, seat.gid);
    put('secret');
    symlinkSync(join(pm2Home(), 'secret'), join(pm2Home(), 'pm2.log'));
    linkSync(join(pm2Home(), 'secret'), join(pm2Home(), 'logs/a.log'));
    put('logs/b.log', 0o600);
    put('logs/c.log');
    chownSync(join(pm2Home(), 'logs/c.log'), 1, 1);
    symlinkSync('/etc', join(pm2Home(), 'pids'));
    expect((await right()).left).toEqual([
      { path: `${pm2Home()}/logs/a.log`, why: 'it has another name elsewhere', isLink: false },
      { path: `${pm2Home()}/logs/b.log`, why: 'nobody may not read it: it may hold secrets of root', isLink: false },
    ]);
    expect(['secret', 'logs/b.log', 'pm2.log', 'pids'].map(owner)).toEqual([0, 0, 0, 0]);
    expect(owner('logs/c.log')).toBe(1);
    expect(lstatSync('/etc').uid).toBe(0);
  });
  it('loses the sockets of a daemon that is gone, and keeps those of one that listens', async () => {
    chownSync(pm2Home(), seat.uid, seat.gid);
    const server = createServer();
    await new Promise<void>((ready) => server.listen(join(pm2Home(), 'rpc.sock'), ready));
    const leave = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    spawnSync(process.execPath, ['-e', leave, join(pm2Home(), 'pub.sock')]);
    expect(await right()).toEqual({ given: [], removed: [`${pm2Home()}/pub.sock`], left: [] });
    expect(['rpc.sock', 'pub.sock'].map((name) => existsSync(join(pm2Home(), name)))).toEqual([true, false]);
    server.close();
  });
  it("stays where a directory of root's holds it, and where a link is on the way", async () => {
    chownSync(place, 0, 0);
    chmodSync(place, 0o755);
    put('dump.pm2');
    const why = 'the directory that holds it belongs to root, not to nobody';
    expect(await right()).toEqual({ given: [], removed: [], left: [{ path: pm2Home(), why, isLink: false }] });
    chownSync(place, seat.uid, seat.gid);
    symlinkSync(pm2Home(), join(place, 'link'));
    expect(await putRight({ ...seat, pm2Home: asPm2Home(join(place, 'link')) }, false)).toEqual({
      given: [],
      removed: [],
      left: [{ path: join(place, 'link'), why: 'a symbolic link is on the way to it', isLink: true }],
    });
    expect(['.', 'dump.pm2'].map(owner)).toEqual([0, 0]);
  });
  it('is nothing where the user is root', async () => {
    expect(await putRight({ ...seat, uid: asUid(0), pm2Home: asPm2Home(pm2Home()) }, false)).toEqual({
      given: [],
      removed: [],
      left: [],
    });
  });
});

describe('the last words of a log', () => {
  it('are lines, not the whole of it', () => {
    const path = join(place, 'log');
    writeFileSync(path, `${'x'.repeat(40_000)}\none\n\ntwo\nthree\n`);
    expect(lastLines({ path, lines: 2 })).toEqual(['two', 'three']);
    expect([lastLines({ path: place, lines: 2 }), lastLines({ path: join(place, 'no'), lines: 2 })]).toEqual([[], []]);
  });
});
