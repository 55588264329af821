import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checks } from '../../src/doctor/checks.ts';
import { outsideUnit } from '../../src/doctor/checks/outside-unit.ts';
import { pages, type FindingCode } from '../../src/doctor/codes.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { about, type Check, type DoctorFinding } from '../../src/doctor/finding.ts';
import type { DoctorFacts } from '../../src/doctor/guard-facts.ts';

const facts = { daemons: [] } as unknown as DoctorFacts; // what these checks look at
const finding = (code: FindingCode, urgency: DoctorFinding['urgency']): DoctorFinding => ({
  code,
  urgency,
  what: code,
  evidence: [],
  why: '',
  repair: [],
  fix: null,
  trap: null,
  subject: about({}),
});
const check = (...found: DoctorFinding[]): Check => ({ name: 'one', find: () => found });

describe('doctor', () => {
  it('names the most dangerous first, and keeps the order of codes', () => {
    const found = examine(facts, [
      check(finding('PD201', 'untidy'), finding('PD109', 'wrong')),
      check(finding('PD301', 'urgent'), finding('PD108', 'wrong')),
    ]);
    expect(found.map(({ code }) => code)).toEqual(['PD301', 'PD108', 'PD109', 'PD201']);
  });

  it('says of a check that crashes that it did, and goes on with the others', () => {
    const crash: Check = {
      name: 'the crashing one',
      find: () => {
        throw new TypeError('no such thing');
      },
    };
    const [first, second, third] = examine(facts, [crash, check(finding('PD101', 'urgent'))]);
    expect([first?.code, third]).toEqual(['PD101', undefined]);
    expect(second).toMatchObject({
      code: 'PD001',
      urgency: 'wrong',
      what: 'the check "the crashing one" failed',
      evidence: expect.arrayContaining(['TypeError: no such thing']) as string[],
    });
  });

  it('has a page for every code that a check may find, and no other', () => {
    const directory = new URL('../../src/doctor/checks/', import.meta.url);
    const used = readdirSync(directory).flatMap((file) =>
      [...readFileSync(new URL(file, directory), 'utf8').matchAll(/'(PD\d{3})'/g)].map(([, code]) => code),
    );
    expect(Object.keys(pages).sort()).toEqual([...new Set(['PD001', ...used])].sort());
    expect(new Set(checks).size).toBe(checks.length);
  });

  it("leaves a daemon alone that is in its unit's control group", () => {
    const pm2Home = '/home/ops/.pm2';
    const account = { uid: 1000 };
    const unit = { name: 'pm2-ops.service', file: '/x', manager: null, enabled: true, pm2Home, account, seat: null };
    const running = (cgroups: string[], uid = 1000) =>
      ({
        policy: null,
        daemons: [
          {
            pm2Home,
            pid: 7,
            user: 'ops',
            uid,
            elsewhere: false,
            reachable: true,
            failure: null,
            apps: [],
            process: { cgroups },
          },
        ],
        pm2Homes: [],
        units: [unit],
        boot: {
          systemd: { states: new Map([['pm2-ops.service', { active: 'active', mainPid: 7 }]]) },
          userUnits: [],
          unclear: [],
        },
      }) as unknown as DoctorFacts;
    expect(outsideUnit.find(running(['/system.slice/pm2-ops.service']))).toEqual([]);
    expect(outsideUnit.find(running(['/user.slice/session-1.scope'])).map(({ code }) => code)).toEqual(['PD111']);
    // A name that a user gives to a group below the one of the user's own manager.
    expect(
      outsideUnit
        .find(running(['/user.slice/user-1000.slice/user@1000.service/app.slice/pm2-ops.service']))
        .map(({ code }) => code),
    ).toEqual(['PD111']);
    expect(outsideUnit.find(running(['/user.slice/session-1.scope'], 1001))).toEqual([]);
  });
});
