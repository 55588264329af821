import { isRight, mayGoWrong, callUser, type RuleFinding, type LintRule } from './rule.ts';

/** PL020: a here-document through ssh. */
export const overSsh: LintRule = {
  code: 'PL020',
  trap: 'T45',
  severity: 'risky',
  page: {
    title: 'a here-document through ssh',
    problematic: 'ssh deploy@web1 << EOF\n  pm2 restart myapp\nEOF',
    correct: 'ssh deploy@web1 sudo -u www-data pm2 restart myapp',
    why:
      'The daemon is that of the ssh login. The shell there is no login shell: another PATH, perhaps ' +
      'another pm2 (T10, T42). Without quotes round EOF variables and $(...) are put in on this side.',
    exceptions: "The login is the app's own user, and the config says so.",
  },
  check: ({ calls }) =>
    calls
      .filter(
        (call) =>
          call.forms.includes('ssh') && call.forms.includes('here-document') && mayGoWrong(call) && !isRight(call),
      )
      .map((call): RuleFinding => ({
        at: call,
        severity: call.judgement.kind === 'cannot tell' ? 'unknown' : 'risky',
        why:
          `runs on the other side as ${callUser(call)}, in a shell that is no login shell: its PATH decides ` +
          'which pm2 that is, and its user whose daemon',
      })),
};
