import { mayGoWrong, SWITCHES, verb, type LintRule } from './rule.ts';

const HOST_WIDE = new Set(['startup', 'unstartup', 'logrotate', 'deepUpdate', 'install-otel', 'uninstall-otel']);

/** PL005: `sudo pm2` and the like, without a config that gives root a daemon. */
export const rootsDaemon: LintRule = {
  code: 'PL005',
  trap: 'T01',
  severity: 'risky',
  page: {
    title: 'pm2 as root, because sudo makes it so',
    problematic: 'sudo pm2 start server.js --name myapp',
    correct: 'sudo -u www-data pm2 start server.js --name myapp',
    why:
      "Under sudo, doas, run0, pkexec and su the daemon is root's. The app's own user does not find " +
      'the app there, and the app runs as root.',
    exceptions: 'Root is the owner on purpose: declare a daemon with `user: root`, and give the config with --config.',
  },
  check: ({ calls, policy }) =>
    calls.flatMap((call) => {
      const { user } = call;
      if (policy !== null && call.judgement.kind !== 'cannot tell') return [];
      if (
        user.kind !== 'known' ||
        user.name !== 'root' ||
        !SWITCHES.test(user.said) ||
        !mayGoWrong(call) ||
        HOST_WIDE.has(verb(call))
      )
        return [];
      return [
        {
          at: call,
          severity: 'risky' as const,
          why: `${user.said} makes this root's call, and root's PM2 daemon is not that of the app's user`,
          instead: 'sudo -u APP_USER pm2 ...',
        },
      ];
    }),
};
