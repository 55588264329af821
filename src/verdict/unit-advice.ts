import { withStartup } from '../pm2/edit-command-line.ts';
import type { Daemon } from '../policy/policy.ts';
import { serviceNameOf } from '../policy/service-name.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { asksForName, hasRightName, hpOf, pm2HomeOfHp } from './asked-unit.ts';
import type { VerdictQuestion } from './decide.ts';
import type { Advice, Block, Suggestion } from './verdict.ts';
import { callOf, daemonLine } from './words.ts';

export function wordsFor(question: VerdictQuestion, daemon: Daemon): readonly string[] | null {
  const { invocation, policy } = question;
  const hp = invocation.command === 'startup' ? hpOf(daemon) : null;
  const told = { user: daemon.user, hp };
  const asTyped = invocation.command === 'logrotate' || (asksForName(question) && hasRightName(question, daemon));
  const service = serviceNameOf(daemon, policy.daemons);
  return withStartup(invocation, invocation.context, asTyped ? told : { ...told, service });
}

export function hostCommand(question: VerdictQuestion, daemon: Daemon): Suggestion | null {
  const words = wordsFor(question, daemon);
  if (words === null) return null;
  const { invocation, caller } = question;
  const needsHome = invocation.command === 'logrotate' || (invocation.command === 'startup' && hpOf(daemon) === null);
  const call = [...(needsHome ? [`PM2_HOME=${daemon.pm2Home}`] : []), 'pm2', ...words];
  return caller.uid === 0 && !caller.rootBySudo ? call : ['sudo', ...call];
}

export function choosing(daemons: Daemon[], question: VerdictQuestion, harm: string | null = null): Advice[] {
  const choices = daemons.map((daemon) => ({
    what: `daemon "${daemon.name}"`,
    facts: `user ${daemon.user}, PM2_HOME ${daemon.pm2Home}`,
    harm,
    command: hostCommand(question, daemon),
    as: null,
  }));
  return choices.length === 0 ? [] : [{ label: 'choose', choices }];
}

/** The call names no user and no PM2_HOME. */
export function blockUnsaid(question: VerdictQuestion): Block {
  const { invocation, policy } = question;
  return {
    type: 'block',
    code: 'PG106',
    rule: null,
    daemon: null,
    reason: `${callOf(invocation)} does not say for which daemon, and the config has no default  (${policy.file}).`,
    details: policy.daemons.map((one) => daemonLine(one, policy)),
    advice: choosing(policy.daemons, question),
  };
}

/** The user has no daemon in the config. */
export function refuseUnit({ invocation, policy }: VerdictQuestion, user: string | null): Block {
  const whose = user ?? `PM2_HOME ${pm2HomeOfHp(invocation.startup?.hp ?? '')}`;
  const names = policy.daemons.map(({ user: one, pm2Home }) => `${one} (${pm2Home})`).join(', ');
  return {
    type: 'block',
    code: 'PG106',
    rule: null,
    daemon: null,
    reason: `${callOf(invocation)}: the config declares no PM2 daemon for ${whose}  (${policy.file}).`,
    details: [
      invocation.command === 'startup'
        ? `First declare a daemon for ${whose}; until then no boot unit is written.`
        : 'It would write a logrotate file of root for a daemon that the config does not declare.',
      `Declared daemons: ${names}`,
    ],
    advice:
      user === null
        ? []
        : [
            {
              label: 'fix',
              text:
                `add a line to ${policy.file} below "daemons:", indented as its neighbours:  ` +
                `${user}: {user: ${user}}\n` +
                `then:  ${rootCommandLine('check')}\n` +
                'then type the command again',
            },
          ],
  };
}
