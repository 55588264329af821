import { afterAll, expect, it } from 'vitest';
import { compareVersions, wayToRepair } from '../../src/install/packages.ts';
import { proposalsFor } from '../../src/install/proposals.ts';
import { switchingProblem } from '../../src/install/switching.ts';
import { becomeRootBy } from '../../src/terminal/root-command.ts';

afterAll(() => {
  becomeRootBy('sudo'); // other files of this process must not see it
});

it('versions are ordered as semver.org says', () => {
  const ordered = [
    '0.0.9',
    '0.1.0-beta.2',
    '0.1.0-beta.10',
    '0.1.0-rc.1',
    '0.1.0',
    '0.2.0',
    '0.10.0',
    '1.0.0',
    '10.0.0',
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  for (const version of ordered) expect(compareVersions(version, version)).toBe(0);
});

it.each([
  ['sudo', 'sudo '],
  ['doas', 'doas '],
  ['root', ''],
] as const)('what install prints to be typed as root is for this host: %s', (way, prefix) => {
  becomeRootBy(way);
  expect(wayToRepair({ bundles: '/srv/tools/dist', shims: '/srv/tools/shims' }, null)).toBe(
    `${prefix}/srv/tools/shims/pm2-guard install`,
  );
  const [service] = proposalsFor([
    { way: 'service', path: '/bin', finds: { type: 'other', path: '/bin/pm2' }, note: null, ours: false },
  ]);
  expect(service?.into?.endsWith(`then:  ${prefix}systemctl daemon-reexec`)).toBe(true);
  const problem = switchingProblem({ way: 'none', node: '20', uv: '1', why: 'it fails' }) ?? '';
  expect(problem.slice(problem.indexOf('run:'))).toMatch(new RegExp(`^run:  ${prefix}\\S+ .*util-linux$`));
  expect(problem.includes('sudo ')).toBe(way === 'sudo');
});
