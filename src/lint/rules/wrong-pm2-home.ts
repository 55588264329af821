import { prefixed } from '../fix.ts';
import { callUser, verb, type LintRule } from './rule.ts';

/** PL002: the right user, but another PM2_HOME than the config's. */
export const wrongPm2Home: LintRule = {
  code: 'PL002',
  trap: 'T17',
  severity: 'wrong',
  page: {
    title: 'another PM2_HOME than the config says',
    problematic: 'sudo -u www-data HOME=/srv/app pm2 restart myapp',
    correct: 'sudo -u www-data pm2 restart myapp',
    why:
      'A daemon is a user and a PM2_HOME. Where PM2_HOME is not set PM2 takes .pm2 in HOME, so either of ' +
      'the two leads to a second daemon of the same user.',
    exceptions: 'A daemon whose `home:` in the config is that very directory.',
  },
  check: (scene) =>
    scene.calls.flatMap((call) => {
      const { judgement } = call;
      if (judgement.kind !== 'wrong' || judgement.code !== 'PG102' || verb(call) === 'startup') return [];
      return [
        {
          at: call,
          severity: judgement.certain ? ('wrong' as const) : ('risky' as const),
          why:
            `runs as ${callUser(call)} with another PM2_HOME than daemon ${judgement.daemon?.name ?? ''}, ` +
            `which has ${judgement.daemon?.pm2Home ?? ''}`,
          edits:
            judgement.daemon === null || call.pm2Home || call.homeDirectory
              ? []
              : prefixed(call, judgement.daemon, scene.source.text),
          instead: judgement.run[0] ?? '',
        },
      ];
    }),
};
