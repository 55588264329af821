import { bootPages } from './pages/boot.ts';
import { copyPages } from './pages/copies.ts';
import { guardPages } from './pages/guard.ts';
import { homePages } from './pages/homes.ts';
import type { Page } from './pages/page.ts';

/**
 * The stable codes of findings, each with its page (`pm2-guard explain PD101`). PD1xx: daemons; PD2xx: apps; PD3xx: files in homes;
 * PD4xx: boot; PD5xx: installations of pm2 and node; PD6xx: the guard itself.
 */
export const pages: Record<string, Page> = {
  PD001: {
    title: 'a check failed',
    meaning: 'One of doctor\'s own checks stopped with an error, so that what it looks for was not looked for. The others are not affected.',
    trap: 'What is not looked for is not found.',
    cure: 'Please report it, with the lines shown.',
  },
  PD101: {
    title: 'the socket is not its daemon\'s',
    meaning: 'The owner of rpc.sock is not the user as whom the daemon behind it runs.',
    trap: 'A root daemon got into a user\'s home (sudo with HOME or PM2_HOME kept), the user met EACCES, and PM2 itself advised to chown the sockets. The daemon obeys whoever may write to its socket: that user is root now.',
    cure: 'Give the socket back to the daemon\'s user, and move its apps to the daemon that they belong to.',
  },
  ...homePages, ...bootPages, ...copyPages, ...guardPages,
};
