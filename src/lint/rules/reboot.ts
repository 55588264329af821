import type { RuleFinding, LintRule } from './rule.ts';

/** PL019: `@reboot` in a crontab. */
export const reboot: LintRule = {
  code: 'PL019',
  trap: 'T28',
  severity: 'risky',
  page: {
    title: '@reboot beside the unit of pm2 startup',
    problematic: '@reboot pm2 resurrect',
    correct: 'sudo pm2 startup systemd -u www-data --hp /var/www',
    why:
      'cron and the unit race at boot, and two daemons come to life in one PM2_HOME, or cron finds no pm2 ' +
      'in its short PATH. The daemon that cron spawns is not in its unit (T46).',
    exceptions: 'A host without an init system that has units.',
  },
  check: ({ calls }) =>
    calls
      .filter(({ forms, judgement }) => forms.includes('reboot') && judgement.kind !== 'own world')
      .map((call): RuleFinding => ({
        at: call,
        severity: 'risky',
        why:
          'cron starts PM2 at boot beside, or instead of, the unit of `pm2 startup`: two daemons may come to ' +
          'life in one PM2_HOME',
      })),
};
