import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { problemOf } from '../../src/adopt/faults.ts';
import type { AccessFault } from '../../src/adopt/look.ts';
import { problemsOf } from '../../src/adopt/problems.ts';
import { asPm2Home } from '../../src/runtime/brands.ts';
import { becomeRootBy } from '../../src/terminal/root-command.ts';
import { moveOf, seatOf } from './seats.ts';

const to = seatOf('shop', 61_002);

describe('a directory above a path that may not be passed', () => {
  it.each(['read', 'enter', 'write', 'run'] as const)('gives no more than the right to pass: %s', (type) => {
    const fault: AccessFault = { type, for: '/usr/lib/till/x', path: '/usr/lib', missing: false, directory: true };
    const { what, repair } = problemOf(fault, { to }, '/usr/bin/node', []);
    expect(what).toBe(`shop may not ${type} /usr/lib/till/x: it may not pass /usr/lib`);
    expect(repair).toEqual([expect.stringMatching(/^sudo (setfacl -m u:shop:x|chmod o\+x) \/usr\/lib$/)]);
  });
});

it('a directory to write in gets the right to write', () => {
  const fault: AccessFault = { type: 'write', for: '/usr/lib', path: '/usr/lib', missing: false, directory: true };
  const { what, repair } = problemOf(fault, { to }, '/usr/bin/node', []);
  expect(what).toBe('shop may not write /usr/lib');
  expect(repair).toEqual([expect.stringMatching(/^sudo (setfacl -m u:shop:rwx|chmod o\+rwx) \/usr\/lib$/)]);
});

describe('on a host without sudo, root is told a command that it can type', () => {
  afterAll(() => {
    becomeRootBy('sudo'); // other files of this process must not see it
  });

  it('for a port below 1024', () => {
    becomeRootBy('root');
    expect(problemOf({ type: 'port', port: 443 }, { to }, '/usr/bin/node', []).repair).toEqual([
      'setcap cap_net_bind_service=+ep /usr/bin/node',
      'sysctl net.ipv4.ip_unprivileged_port_start=443',
      'AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of that daemon',
    ]);
  });

  it('for a saved list that is none of PM2', () => {
    becomeRootBy('root');
    const pm2Home = asPm2Home(mkdtempSync(join(tmpdir(), 'strange-list-')));
    writeFileSync(join(pm2Home, 'dump.pm2'), 'no list');
    if (process.geteuid?.() === 0) chownSync(pm2Home, 1, 1); // /tmp is no place for a command of root's
    const seat = { ...to, pm2Home };
    const place = { ...moveOf([], seat, seat).from, seat, processes: [], modules: [], saved: null, foreign: false };
    const found = { places: [], portsOf: () => [], holdersOf: () => [], below: () => [] };
    const source = { ...place, trouble: null, ports: [] };
    const repairs = problemsOf(moveOf([], seat, seat), source, null, [], found).flatMap(({ repair }) => repair);
    rmSync(pm2Home, { recursive: true });
    expect(repairs.join()).toMatch(/^runuser -u \S+ -- mv -n \S+dump\.pm2 \S+dump\.pm2\.old$/);
  });
});
