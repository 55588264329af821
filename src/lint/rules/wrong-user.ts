import type { Daemon } from '../../policy/policy.ts';
import type { Judged } from '../judge.ts';
import { prefixed } from '../fix.ts';
import { callUser, verb, type LintRule } from './rule.ts';

/** PL001: the config gives the app to another user than the caller. */
export const wrongUser: LintRule = {
  code: 'PL001',
  trap: 'T01',
  severity: 'wrong',
  page: {
    title: "another user's daemon than the config says",
    problematic: "sudo pm2 restart myapp          # myapp is www-data's by the config",
    correct: 'sudo -u www-data pm2 restart myapp',
    why:
      "PM2 runs one daemon for each user. As root this call asks root's daemon, which does not know " +
      'the app, or starts it a second time.',
    exceptions:
      'Where the file or the config leaves room for doubt (another host, an app in a variable) the finding is "risky".',
  },
  check: (scene) =>
    scene.calls.flatMap((call) => {
      const { judgement } = call;
      if (
        judgement.kind !== 'wrong' ||
        judgement.code !== 'PG101' ||
        verb(call) === 'startup' ||
        verb(call) === 'unstartup'
      )
        return [];
      const { daemon, certain } = judgement;
      const owner = daemon === null ? 'another user' : `${daemon.user} (daemon ${daemon.name})`;
      const who = callUser(call);
      return [
        {
          at: call,
          severity: certain ? ('wrong' as const) : ('risky' as const),
          why:
            `runs as ${who}${call.user.kind === 'known' ? ` (${call.user.said})` : ''}, so it uses the PM2 ` +
            `daemon of ${who}; by the config it belongs to ${owner}`,
          edits: daemon === null ? [] : prefixed(call, daemon, scene.source.text),
          instead: insteadOf(call, daemon, judgement.run[0] ?? ''),
        },
      ];
    }),
};

function insteadOf(call: Judged, daemon: Daemon | null, run: string): string {
  const inUnit = daemon !== null && call.forms.includes('unit') && !call.forms.includes('nested');
  return inUnit ? `User=${daemon.user}\nEnvironment=PM2_HOME=${daemon.pm2Home}` : run;
}
