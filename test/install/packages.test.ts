import { expect, it } from 'vitest';
import { compareVersions } from '../../src/install/packages.ts';

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
