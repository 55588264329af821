import { describe, expect, it } from 'vitest';
import { problemOf } from '../../src/adopt/faults.ts';
import type { AccessFault } from '../../src/adopt/look.ts';
import { seatOf } from './seats.ts';

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
