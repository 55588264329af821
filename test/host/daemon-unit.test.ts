import { describe, expect, it } from 'vitest';
import { bootUnitFor, serviceOf, systemctlWords, unitAround, unitFor } from '../../src/host/boot/daemon-unit.ts';
import type { Unit } from '../../src/host/boot/units.ts';
import { asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { account } from '../identity/account.ts';

const OPS = asUid(1002);
const unit = (name: string, of: Partial<Unit> = {}): Unit => ({
  name,
  file: `/etc/systemd/system/${name}`,
  manager: null,
  user: 'ops',
  pm2Home: '/srv/ops/.pm2',
  homeDirectory: null,
  path: null,
  start: [],
  pidFile: null,
  enabled: true,
  lingers: true,
  account: account('ops', 1002),
  seat: null,
  namesApps: false,
  program: null,
  node: null,
  ...of,
});

describe('the unit of a daemon', () => {
  it("is told by its control group, of the system's manager", () => {
    expect(serviceOf(['/system.slice/pm2-ops.service'])).toEqual({ manager: null, name: 'pm2-ops.service' });
    expect(serviceOf(['/apps.slice/apps-node.slice/pm2@ops.service/payload'])).toEqual({
      manager: null,
      name: 'pm2@ops.service',
    });
    expect(serviceOf(['/user.slice/user-1002.slice/session-4.scope', '/system.slice/cron.service'])).toEqual({
      manager: null,
      name: 'cron.service',
    });
  });

  it("is told by its control group, of a user's manager", () => {
    const path = '/user.slice/user-1002.slice/user@1002.service/app.slice/pm2.service';
    expect(serviceOf([path])).toEqual({ manager: 1002, name: 'pm2.service' });
    expect(serviceOf(['/user.slice/user-1002.slice/user@1002.service/init.scope'])).toBeNull();
  });

  it('is none in a session, in a container, and below a directory that is no slice', () => {
    expect(serviceOf([])).toBeNull();
    expect(serviceOf(['/user.slice/user-1002.slice/session-4.scope'])).toBeNull();
    expect(serviceOf(['/system.slice/docker-0a1b.scope/system.slice/pm2-ops.service'])).toBeNull();
    expect(serviceOf(['/lxc.payload.web/system.slice/pm2-ops.service'])).toBeNull();
  });

  it("is not the system's where a user made a group of that name below the own manager", () => {
    const system = unit('pm2-ops.service');
    const forged = ['/user.slice/user-1003.slice/user@1003.service/pm2-ops.service'];
    expect(unitAround(forged, asUid(1003), [system])).toBeNull();
    expect(unitAround(['/system.slice/pm2-ops.service'], OPS, [system])).toBe(system);
    const own = unit('pm2-ops.service', { manager: 'ops' });
    expect(
      unitAround(['/user.slice/user-1002.slice/user@1002.service/app.slice/pm2-ops.service'], OPS, [system, own]),
    ).toBe(own);
    expect(
      unitAround(['/user.slice/user-1002.slice/user@1002.service/app.slice/pm2-ops.service'], asUid(0), [own]),
    ).toBeNull();
  });

  it('that starts it is one of its own user, with its PM2_HOME: an enabled one first', () => {
    const seat = { uid: OPS, pm2Home: asPm2Home('/srv/ops/.pm2') };
    const foreign = unit('pm2-root.service', { account: account('root', 0), user: null });
    const disabled = unit('old.service', { enabled: false });
    const elsewhere = unit('other.service', { pm2Home: '/home/ops/.pm2' });
    const own = unit('pm2.service', { manager: 'ops' });
    const right = unit('pm2-ops.service');
    expect(unitFor(seat, [foreign, elsewhere])).toBeNull();
    expect(unitFor(seat, [foreign, disabled])).toBe(disabled);
    expect(bootUnitFor(seat, [foreign, disabled])).toBeNull();
    expect(bootUnitFor(seat, [foreign, disabled, own])).toBe(own);
    expect(bootUnitFor(seat, [foreign, disabled, own, right])).toBe(right);
    expect(unitFor({ uid: null, pm2Home: asPm2Home('/srv/ops/.pm2') }, [right])).toBeNull();
  });

  it('is acted on through its own manager', () => {
    expect(systemctlWords(unit('pm2-ops.service'), 'restart')).toEqual(['systemctl', 'restart', 'pm2-ops.service']);
    expect(systemctlWords(unit('-x.service', { manager: 'ops' }), 'kill', '--signal=KILL')).toEqual([
      'systemctl',
      '--user',
      '-M',
      'ops@',
      'kill',
      '--signal=KILL',
      '--',
      '-x.service',
    ]);
  });
});
