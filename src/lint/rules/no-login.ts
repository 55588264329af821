import { assumedAccount, hasLoginShell } from '../accounts.ts';
import type { RuleFinding, LintRule } from './rule.ts';

/** PL017: a login shell for a user who has none. */
export const noLogin: LintRule = {
  code: 'PL017',
  trap: 'T07',
  severity: 'wrong',
  page: {
    title: 'the login shell of a user who cannot log in',
    problematic: 'su - www-data -c "pm2 restart myapp"\nsudo -iu www-data pm2 restart myapp',
    correct: 'sudo -u www-data pm2 restart myapp',
    why:
      'su and `sudo -i` run the user\'s shell from passwd. Where that is nologin the answer is "This ' +
      'account is currently not available.", and nothing is restarted.',
    exceptions: 'The user has a login shell on the host at hand, or `su -s /bin/sh` names one.',
  },
  check: ({ calls, remarks, source: { text } }) =>
    calls.flatMap((call): RuleFinding[] => {
      if (!call.forms.includes('login shell') || call.user.kind !== 'known' || call.judgement.kind === 'own world')
        return [];
      const { name } = call.user;
      const account = assumedAccount(name);
      const made = remarks.some(({ kind, about }) => kind === 'no login' && about === name);
      if (!made && hasLoginShell(account)) return [];
      const shell = made ? 'none by this very file' : account.shell;
      const certain = (made || account.here) && call.world.kind === 'here';
      const line = text.slice(call.start, call.pm2At);
      const sudo = /^sudo\s+-(iu|ui|i\s+-u)\s+/.exec(line);
      const edits = sudo ? [{ start: call.start, end: call.start + sudo[0].length, text: 'sudo -u ' }] : [];
      return [
        {
          at: call,
          severity: certain ? 'wrong' : 'risky',
          why: `runs the login shell of ${name}, which is ${shell}: nothing is run`,
          edits,
          instead: `sudo -u ${name} pm2 ...`,
        },
      ];
    }),
};
