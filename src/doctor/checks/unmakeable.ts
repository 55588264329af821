import { about, type Check, type DoctorFinding } from '../finding.ts';

export const unmakeablePm2HomesCheck: Check = {
  name: 'PM2_HOMEs that cannot be made',
  find: ({ guard }) =>
    guard.unmakeable.map(({ daemon, user, pm2Home, why, fix }): DoctorFinding => ({
      code: 'PD316',
      urgency: 'wrong',
      what: `daemon "${daemon}" cannot start: ${user} cannot make its PM2_HOME ${pm2Home}`,
      evidence: [`${pm2Home} is not there, and ${why}`],
      why: 'Each call for this daemon ends in "EACCES: permission denied, mkdir".',
      repair: fix,
      fix: null,
      trap: null,
      subject: about({ home: pm2Home, path: pm2Home }),
    })),
};
