import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootsOf } from '../../src/doctor/boots.ts';
import { hasSavedList, savedList } from '../../src/doctor/placement.ts';
import type { HostFacts } from '../../src/host/facts.ts';
import type { Pm2HomeFacts } from '../../src/host/homes/home-facts.ts';
import { savedLists } from '../../src/host/homes/saved-list.ts';
import { asPm2Home } from '../../src/runtime/brands.ts';

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

describe('the list that pm2 resurrect starts', () => {
  const list = (name: string) => JSON.stringify([{ name }]);
  it.each<[dump: string | null, backup: string | null, apps: string[] | null]>([
    [list('new'), list('old'), ['new']],
    ['[]', list('old'), []],
    [null, list('old'), ['old']],
    [list('new').slice(0, -5), list('old'), ['old']],
    ['', list('old'), ['old']],
    ['', null, null],
    [null, null, null],
  ])('dump.pm2 %j, dump.pm2.bak %j', (dump, backup, apps) => {
    const pm2Home = asPm2Home(mkdtempSync(join(tmpdir(), 'lists-')));
    if (dump !== null) writeFileSync(join(pm2Home, 'dump.pm2'), dump);
    if (backup !== null) writeFileSync(join(pm2Home, 'dump.pm2.bak'), backup);
    const facts = { dump: dump !== null, saved: savedLists(pm2Home) } as Pm2HomeFacts;
    rmSync(pm2Home, { recursive: true });
    expect(savedList(facts)?.apps.map(({ name }) => name) ?? null).toEqual(apps);
    expect(hasSavedList(facts)).toBe(dump !== null || backup !== null);
  });
});
