import { describe, expect, it } from 'vitest';
import { problemOf } from '../../src/adopt/faults.ts';
import type { AccessFault } from '../../src/adopt/look.ts';
import type { Seat } from '../../src/adopt/seat.ts';
import { asPm2Home, asGid, asUid } from '../../src/runtime/brands.ts';

const to: Seat = {
  label: 'shop',
  user: 'shop',
  uid: asUid(61_002),
  gid: asGid(61_002),
  homeDirectory: '/home/shop',
  shell: '/bin/sh',
  pm2Home: asPm2Home('/home/shop/.pm2'),
};

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
