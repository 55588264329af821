import { expect, it } from 'vitest';
import { unitUsers } from '../../src/doctor/checks/unit-user.ts';
import type { DoctorFacts } from '../../src/doctor/guard-facts.ts';
import { account } from '../identity/account.ts';

const FILE = '/etc/systemd/system/pm2-shop.example.com.service';

/** PD407 of a unit of this user, with systemd of this version. */
function told(version: number | null) {
  const unit = {
    name: 'pm2-shop.example.com.service',
    file: FILE,
    manager: null,
    user: 'shop.example.com',
    pm2Home: '/home/shop.example.com/.pm2',
    homeDirectory: null,
    account: account('shop.example.com', 1007),
    seat: null,
  };
  const facts = { units: [unit], boot: { systemd: { version, states: null } }, daemons: [], pm2Homes: [] };
  return unitUsers.find(facts as unknown as DoctorFacts);
}

it.each([
  [219, 'urgent', /ignores the user .* as root/],
  [240, 'wrong', /refuses/],
])('T27, PD407: systemd %s does not take a name with dots', (version, urgency, what) => {
  expect(told(version)).toMatchObject([
    {
      code: 'PD407',
      trap: 'T27',
      urgency,
      what: expect.stringMatching(what) as string,
      evidence: [`${FILE}: User=shop.example.com`, `systemd ${version} takes no such name (systemd.exec(5))`],
      repair: [
        ['sudo', 'sed', '-i', 's/^User=.*/User=1007/', FILE],
        ['sudo', 'systemctl', 'daemon-reload'],
      ],
    },
  ]);
});

it('T27: systemd since 246 takes it', () => {
  expect(told(252)).toEqual([]);
});
