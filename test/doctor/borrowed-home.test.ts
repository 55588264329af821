import { describe, expect, it } from 'vitest';
import { strangeLists } from '../../src/doctor/checks/saved-list.ts';
import type { DoctorFacts } from '../../src/doctor/guard-facts.ts';
import { asUid } from '../../src/runtime/brands.ts';

describe('PD315: a saved HOME of another user', () => {
  const home = (name: string, uid: number, evidence: string, saved: object[] = []) => ({
    pm2Home: `/home/${name}/.pm2`,
    physical: `/home/${name}/.pm2`,
    owner: { name, uid: asUid(uid), homeDirectory: `/home/${name}`, evidence },
    saved: [{ file: 'dump.pm2', apps: saved }],
    dump: true,
  });
  const codes = (evidence: string, homeDirectory: string) => {
    const app = { name: 'shop', script: null, homeDirectory, pm2Home: null, paths: [], secrets: [] };
    const pm2Homes = [home('web', 1001, 'config', [app]), home('site1', 1002, evidence)];
    const facts = { pm2Homes, daemons: [], policy: null } as unknown as DoctorFacts; // what this check looks at
    return strangeLists.find(facts).map(({ code }) => code);
  };
  // The config names the users of `personal`, too.
  it.each([
    ['config', '/home/site1', ['PD315']],
    ['passwd', '/home/site1', ['PD315']],
    ['directory', '/home/site1', []],
    ['config', '/home/web', []],
    ['config', '/srv', []],
  ])('whose home directory is known by: %s (HOME=%s)', (evidence, homeDirectory, expected) => {
    expect(codes(evidence, homeDirectory)).toEqual(expected);
  });
});
