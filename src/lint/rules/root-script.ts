import { mayGoWrong, SWITCHES, verb, type LintRule } from './rule.ts';

/** PL006: calls without a user in a file that only root runs. */
export const rootScript: LintRule = {
  code: 'PL006',
  trap: 'T05',
  severity: 'risky',
  page: {
    title: 'pm2 in what only root runs',
    problematic: '[ "$EUID" -eq 0 ] || exit 1\npm2 restart myapp',
    correct: '[ "$EUID" -eq 0 ] || exit 1\nsudo -u www-data pm2 restart myapp',
    why:
      'The script insists on root, or it is run by cron, a unit without User=, cloud-init or ' +
      "logrotate, as root. Its pm2 calls use root's daemon.",
    exceptions: 'Root is the owner on purpose: declare a daemon with `user: root`, and give the config with --config.',
  },
  check: ({ calls, policy }) =>
    calls.flatMap((call) => {
      const { user } = call;
      if (policy !== null && call.judgement.kind !== 'cannot tell') return [];
      if (
        user.kind !== 'known' ||
        user.name !== 'root' ||
        SWITCHES.test(user.said) ||
        !mayGoWrong(call) ||
        ['startup', 'unstartup'].includes(verb(call))
      )
        return [];
      return [
        {
          at: call,
          severity: 'risky' as const,
          why: `runs as root (${user.said}), so it uses root's PM2 daemon`,
          instead: 'sudo -u APP_USER pm2 ...',
        },
      ];
    }),
};
