import { expect, it } from 'vitest';
import { inFairOrder } from '../../src/host/budget.ts';
import { asPm2Home, asUid } from '../../src/runtime/brands.ts';

const daemon = (uid: number, path: string) => ({ uid: asUid(uid), pm2Home: asPm2Home(path) });

it('asks first the daemons that the config names, and those of personal with all others, one of each user', () => {
  const [web, ops] = [daemon(33, '/var/www/.pm2'), daemon(0, '/root/.pm2')];
  const sites = [1001, 1002].map((uid) => daemon(uid, `/home/site${uid}/.pm2`));
  const many = [1, 2].map((at) => daemon(1003, `/home/many/${at}`));
  const declared = [web, ops, ...sites.map(({ pm2Home }) => ({ pm2Home, personal: true as const }))];
  const order = inFairOrder([...many, ...sites, web, ops], declared);
  expect(order).toEqual([web, ops, many[0], ...sites, many[1]]);
});
