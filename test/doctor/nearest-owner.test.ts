import { describe, expect, it } from 'vitest';
import { whoOwns } from '../../src/doctor/owner.ts';
import type { LivingFacts } from '../../src/host/facts.ts';
import { asPid } from '../../src/runtime/brands.ts';

/** One line of descent: init, root's daemon 10, its app `runtime` 20, which runs the daemon 30, its app `inner` 40. */
const parents: [pid: number, parent: number][] = [
  [1, 0],
  [10, 1],
  [20, 10],
  [30, 20],
  [40, 30],
  [50, 1],
];
const daemon = (pid: number, pm2Home: string, name: string, app: number) => ({
  pid,
  pm2Home,
  uid: 0,
  user: 'root',
  elsewhere: false,
  declared: null,
  apps: [{ name, namespace: null, pmId: 0, status: 'online', script: null, cwd: null, process: { pid: app } }],
});
const facts = (asRoot: boolean) =>
  ({
    asRoot,
    policy: null,
    processes: {
      byPid: new Map(parents.map(([pid, parent]) => [pid, { pid, parent, uid: 0 }])),
      holders: new Map(),
    },
    listeners: [{ port: 2049, inode: 7 }],
    daemons: [daemon(10, '/a/.pm2', 'runtime', 20), daemon(30, '/b/.pm2', 'inner', 40)],
    socketless: [],
    ghosts: [],
  }) as unknown as LivingFacts;

describe('which daemon owns a process', () => {
  it.each([
    [40, '/b/.pm2', 'inner'],
    [30, '/b/.pm2', undefined],
    [20, '/a/.pm2', 'runtime'],
  ])('the nearest of two, for pid %i', (pid, home, app) => {
    const { owners } = whoOwns({ pid: asPid(pid) }, facts(true));
    expect(owners.map((owner) => [owner.home, owner.app?.name])).toEqual([[home, app]]);
  });
  it("does not tell root that only root could see a socket of the kernel's", () => {
    expect(whoOwns({ port: 2049 }, facts(true)).note).toBe(
      'port 2049 is open, and no process here has it: the kernel has it, or a container',
    );
    expect(whoOwns({ port: 2049 }, facts(false)).note).toBe('only root can see which process listens on port 2049');
  });
});
