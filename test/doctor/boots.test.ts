import { describe, expect, it } from 'vitest';
import { bootsOf } from '../../src/doctor/boots.ts';
import type { HostFacts } from '../../src/host/facts.ts';

const script = { file: '/etc/init.d/pm2-old', pm2: null, enabled: true, line: null };
/** What init scripts without PM2_HOME start, where these PM2_HOMEs are on the host. */
function started(user: string | null, ...pm2Homes: object[]): unknown[] {
  const facts = { units: [], boot: { userUnits: [], scripts: [{ ...script, user, pm2Home: null }] }, pm2Homes };
  return bootsOf(facts as unknown as HostFacts).map(({ user: as, pm2Home }) => [as, pm2Home]);
}
const owner = { name: 'www-data', homeDirectory: '/var/www' };

describe('an init script that does not set PM2_HOME', () => {
  it.each(['config', 'passwd', 'directory'])("starts the daemon in its user's ~/.pm2 (known by: %s)", (evidence) => {
    const other = { pm2Home: '/srv/shop/.pm2', owner: { ...owner, evidence: 'config' } };
    const usual = { pm2Home: '/var/www/.pm2', owner: { ...owner, evidence } };
    expect(started('www-data', other, usual)).toEqual([['www-data', '/var/www/.pm2']]);
  });
  it('starts nothing for a user without a PM2_HOME', () => {
    expect(started('www-data')).toEqual([]);
  });
  it("starts root's daemon without a user", () => {
    expect(started(null)).toEqual([['root', '/root/.pm2']]);
  });
});
