import { appPages } from './pages/apps.ts';
import { bootPages } from './pages/boot.ts';
import { copyPages } from './pages/copies.ts';
import { daemonPages } from './pages/daemons.ts';
import { guardPages } from './pages/guard.ts';
import { homePages } from './pages/homes.ts';
import type { FindingPage } from './finding.ts';

/**
 * Codes are stable. PD1xx: daemons; PD2xx: apps; PD3xx: files in a PM2_HOME; PD4xx: boot; PD5xx: installed pm2 and
 * node; PD6xx: the guard itself.
 */
export const pages = {
  PD001: {
    title: 'a check failed',
    meaning:
      "One of doctor's own checks stopped with an error, so that what it looks for was not looked for. The others " +
      'are not affected.',
    trap: 'What is not looked for is not found.',
    cure: 'Please report it, with the lines shown.',
  },
  ...daemonPages,
  ...appPages,
  ...homePages,
  ...bootPages,
  ...copyPages,
  ...guardPages,
} satisfies Record<string, FindingPage>;

export type FindingCode = keyof typeof pages;
