import { isPinned, isRight, mayGoWrong, callUser, type RuleFinding, type LintRule } from './rule.ts';

/** PL018: HOME or PM2_HOME that is not the user's own. */
export const foreignPm2HomeRule: LintRule = {
  code: 'PL018',
  trap: 'T19',
  severity: 'risky',
  page: {
    title: 'HOME or PM2_HOME on the command line, or kept from another user',
    problematic: 'HOME=/srv/app pm2 start server.js\nsudo PM2_HOME=/var/www/.pm2 pm2 reload myapp\nsudo -E pm2 list',
    correct: 'sudo -u www-data pm2 reload myapp',
    why:
      "PM2 derives its daemon from HOME, so another HOME is another daemon (T19). As root in a user's " +
      "PM2_HOME it works, and leaves files of root's there that stop the user later (T13, T14). sudo " +
      "-E, su -m and setpriv keep the caller's HOME (T11).",
    exceptions: 'A daemon whose `home:` in the config is that directory, called as its user.',
  },
  check: ({ calls }) =>
    calls.flatMap((call): RuleFinding[] => {
      if (isRight(call) || !mayGoWrong(call) || (call.judgement.kind === 'wrong' && call.judgement.code === 'PG102'))
        return [];
      if (call.homeDirectory?.inline === true && call.homeDirectory.value !== null)
        return [
          {
            at: call,
            severity: 'risky',
            why: `HOME=${call.homeDirectory.value} makes PM2 use the daemon in ${call.homeDirectory.value}/.pm2`,
          },
        ];
      if (call.pm2Home?.inline === true && !isPinned(call)) {
        const value = call.pm2Home.value ?? 'a variable';
        const root = call.user.kind === 'known' && call.user.name === 'root';
        return [
          {
            at: call,
            severity: 'risky',
            why: root
              ? `as root with PM2_HOME=${value}: it works, and leaves files of root's in that directory`
              : `PM2_HOME=${value} is right only for the user whose daemon lives there`,
          },
        ];
      }
      if (call.forms.includes('kept HOME'))
        return [
          {
            at: call,
            severity: 'risky',
            why: `runs as ${callUser(call)} with the HOME of another user, so PM2 looks for its daemon there`,
          },
        ];
      return [];
    }),
};
