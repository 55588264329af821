import { describe, expect, it } from 'vitest';
import { decided, verdict } from './cases.ts';
import { policyFrom } from './policies.ts';
import { WEB, WITH_ROOT, app, OLD } from './rows.ts';

describe('options that say "as user X"', () => {
  const argv = (who: string, line: string) => {
    const result = decided(policyFrom(WEB), who, line, { files: new Map(), sights: [], own: OLD });
    return result.type === 'rewrite' ? result.argv.join(' ') : result.type === 'block' ? result.code : result.type;
  };
  it('of the owner are dropped', () => {
    expect(argv('root', 'start /tmp/x.js --name shop-u --uid www-data --gid www-data')).toBe(
      'start /tmp/x.js --name shop-u',
    );
    expect(argv('root', 'restart myapp --uid 33')).toBe('restart myapp');
    expect(argv('root', 'start /tmp/x.js -u www-data --name myapp')).toBe('start /tmp/x.js --name myapp');
  });
  it('of another user are refused', () => {
    expect(argv('root', 'start /tmp/x.js --name myapp --uid alice')).toBe('PG115');
    expect(argv('root', 'restart myapp --gid root')).toBe('PG115');
  });
  it('stay where root owns the app', () => {
    expect(verdict(WITH_ROOT, 'root', 'start /tmp/x.js --name rootjob --uid www-data')).toBe('pass rootd');
  });
  it('in a process file count as well', () => {
    const says = (user: string | null, group: string | null) => ({
      files: new Map([['/tmp/eco.config.js', [{ ...app('myapp'), runAs: { user, group } }]]]),
    });
    const line = 'startOrReload /tmp/eco.config.js';
    expect(decided(policyFrom(WEB), 'root', line, says('www-data', null))).toMatchObject({
      type: 'rewrite',
      dropsRunAs: true,
    });
    expect(decided(policyFrom(WEB), 'root', line, says('33', '33'))).toMatchObject({
      type: 'rewrite',
      dropsRunAs: true,
    });
    expect(verdict(WEB, 'root', line, says('alice', null))).toBe('block PG115');
    expect(verdict(WEB, 'root', line, says(null, 'root'))).toBe('block PG115');
    expect(verdict(WEB, 'root', 'stop /tmp/eco.config.js', says('alice', null))).toBe('rewrite web');
  });
});
