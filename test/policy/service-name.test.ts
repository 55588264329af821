import { expect, it } from 'vitest';
import type { Daemon } from '../../src/policy/policy.ts';
import { bootUnitName, serviceNameOf } from '../../src/policy/service-name.ts';

const daemon = (name: string, user: string, uid: number, pm2Home: string): Daemon =>
  ({ name, user, uid, pm2Home, homeDirectory: `/home/${user}` }) as unknown as Daemon;

it('gives the boot unit of each daemon a name of its own', () => {
  const blue = daemon('blue', 'shop', 1001, '/srv/blue/.pm2');
  const own = daemon('main', 'shop', 1001, '/home/shop/.pm2');
  const ops = daemon('ops', 'shop', 1001, '/srv/ops/.pm2');
  const other = daemon('jobs', 'ops', 1002, '/home/ops/.pm2');
  const all = [blue, own, ops, other];
  expect(all.map((one) => serviceNameOf(one, all))).toEqual(['pm2-blue', null, 'pm2-shop-ops', null]);
  expect(all.map((one) => bootUnitName(one, all))).toEqual([
    'pm2-blue.service',
    'pm2-shop.service',
    'pm2-shop-ops.service',
    'pm2-ops.service',
  ]);
  expect([blue, ops].map((one) => serviceNameOf(one, [blue, ops]))).toEqual([null, 'pm2-ops']);
});
