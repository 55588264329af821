import { describe, expect, it } from 'vitest';
import { isPlainTarget, targetsOf } from '../../src/doctor/repair.ts';
import type { DaemonFacts } from '../../src/host/daemons/daemon-facts.ts';

const daemonOf = (...apps: { name: string; namespace?: string; pmId: number }[]): DaemonFacts =>
  ({ apps: apps.map((app) => ({ namespace: 'default', ...app })) }) as unknown as DaemonFacts;

describe('the words of a repair that select an app', () => {
  it.each(['api', 'a b', '@scope/api', 'über', 'startup', 'completion', 'delete', 'logs'])('its name: %s', (name) => {
    expect(isPlainTarget(name)).toBe(true);
    expect(targetsOf(name, [{ pmId: 7 }], daemonOf({ name, pmId: 7 }))).toEqual([name]);
  });
  // `pm2 delete log` deletes the app `logs` (docs/pm2-internals.md section 1.3).
  it.each(['log', 'all', '-', '--force', '/a/', '12', '1e3', '0x10', 'Infinity', '', 'x.json', 'x.config.js'])(
    'its id, because pm2 takes the name for something else: %j',
    (name) => {
      expect(isPlainTarget(name)).toBe(false);
      expect(targetsOf(name, [{ pmId: 7 }], daemonOf({ name, pmId: 7 }))).toEqual(['7']);
    },
  );
  it('its id, because the name is a namespace of others', () => {
    const daemon = daemonOf({ name: 'shop', pmId: 3 }, { name: 'cart', namespace: 'shop', pmId: 4 });
    expect(targetsOf('shop', [{ pmId: 3 }], daemon)).toEqual(['3']);
  });
  it('none, where its id is the name of another app', () => {
    expect(targetsOf('log', [{ pmId: 3 }], daemonOf({ name: 'log', pmId: 3 }, { name: '3', pmId: 4 }))).toBeNull();
  });
});
