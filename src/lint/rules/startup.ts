import { assumedAccount } from '../accounts.ts';
import type { Judged } from '../judge.ts';
import { isRight, verb, type RuleFinding, type LintRule } from './rule.ts';

/** PL009: `pm2 startup` whose unit has another user or PM2_HOME than the apps. */
export const startupRule: LintRule = {
  code: 'PL009',
  trap: 'T25',
  severity: 'wrong',
  page: {
    title: 'a boot unit of the wrong user or PM2_HOME',
    problematic: 'sudo pm2 startup systemd -u www-data',
    correct: 'sudo pm2 startup systemd -u www-data --hp /var/www',
    why:
      "PM2 takes the unit's user from -u and its PM2_HOME from --hp, and what is missing from the user " +
      'who calls: User=www-data with PM2_HOME=/root/.pm2 fails at boot. Bare, as root, it makes a unit ' +
      "of root's daemon.",
    exceptions: 'Root is the owner on purpose: declare a daemon with `user: root`.',
  },
  check: ({ calls, policy }) =>
    calls
      .filter((call) => verb(call) === 'startup')
      .flatMap((call): RuleFinding[] => {
        if (call.judgement.kind === 'own world' || (policy !== null && isRight(call) && call.user.kind === 'known'))
          return [];
        const found = faultOf(call);
        const { judgement } = call;
        if (judgement.kind === 'wrong') {
          const certain = judgement.code === 'PG107' && judgement.certain && call.invocation.startup?.user !== null;
          return [
            {
              at: call,
              severity: certain ? 'wrong' : 'risky',
              why: found?.why ?? judgement.reason,
              instead: judgement.run[0] ?? '',
              edits: found?.edits ?? [],
            },
          ];
        }
        return found ? [found] : [];
      }),
};

function faultOf(call: Judged): RuleFinding | null {
  const told = call.invocation.startup;
  if (!told) return null;
  const { user, hp } = told;
  const known = call.words.every(({ certain }) => certain);
  const name = call.user.kind === 'known' ? call.user.name : null;
  if (user === null && hp === null) {
    if (name !== null && name !== 'root') return null;
    const why =
      name === 'root'
        ? "makes a unit of root's daemon: as root, without -u and --hp"
        : "as root this makes a unit of root's daemon; as any other user it only prints a command and changes nothing";
    return { at: call, severity: 'risky', why, instead: 'sudo pm2 startup systemd -u APP_USER --hp HOME_DIRECTORY' };
  }
  if (user === 'root')
    return {
      at: call,
      severity: 'risky',
      why: "makes a unit that starts root's PM2 daemon at boot, beside that of the apps' user",
    };
  if (user !== null && hp === null) {
    const edits = [{ start: call.end, end: call.end, text: ` --hp ${assumedAccount(user).homeDirectory}` }];
    const certain = known && user !== name && assumedAccount(user).here;
    return {
      at: call,
      severity: 'risky',
      why: `the unit gets User=${user}, and PM2_HOME of the user who calls: --hp is missing`,
      ...(certain ? { edits } : { instead: `pm2 startup systemd -u ${user} --hp HOME_DIRECTORY` }),
    };
  }
  if (user !== null && hp !== null && known && hp.replace(/\/$/, '') === '/root')
    return {
      at: call,
      severity: 'risky',
      why: `the unit gets User=${user} with PM2_HOME=/root/.pm2, which only root can read`,
    };
  return null;
}
