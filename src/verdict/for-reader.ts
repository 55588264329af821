import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import { classOf } from './command-class.ts';
import type { Advice, Block, Suggestion } from './verdict.ts';
import { callOf } from './words.ts';

export interface Reader {
  invocation: Invocation;
  caller: Caller;
  policy: Policy;
  /** True for root, and if sudo allows it. */
  mayBecome: (daemon: Daemon) => boolean;
  /** The caller is an operator of at least one daemon. */
  isOperator: boolean;
}

/** Commands that the reader may not run become a question. Other users' daemons stay hidden without rights. */
export function forReader(block: Block, reader: Reader): Block {
  const { caller, policy, isOperator, mayBecome } = reader;
  if (caller.uid === 0 || block.code === 'PG108') return block;
  const concerned =
    policy.daemons.some(({ uid }) => uid === caller.uid) || isOperator || daemonsIn(block.advice).some(mayBecome);
  const showsDaemons = daemonsIn(block.advice).length > 0 || isHostWide(reader);
  if (!concerned && (showsDaemons || block.advice.length === 0)) return forStranger(block, reader);
  return { ...block, advice: block.advice.flatMap((advice) => permitted(advice, reader)) };
}

/** Its commands are root's, so they belong to no daemon's user. But they show daemons. */
function isHostWide({ invocation }: Pick<Reader, 'invocation'>): boolean {
  return classOf(invocation) === 'host';
}

function daemonsIn(advice: readonly Advice[]): Daemon[] {
  const found = advice.flatMap((one) => {
    switch (one.label) {
      case 'run':
        return [one.as];
      case 'run all':
        return one.commands.map(({ as }) => as);
      case 'choose':
        return one.choices.map(({ as }) => as);
      case 'fix':
      case 'ask':
      case 'bypass':
        return [];
    }
  });
  return [...new Set(found.filter((daemon) => daemon !== null))];
}

function permitted(advice: Advice, reader: Reader): Advice[] {
  const may = (as: Daemon | null) => as === null || reader.mayBecome(as);
  switch (advice.label) {
    case 'run':
      return [may(advice.as) ? advice : asking(reader.policy, advice.command)];
    case 'run all':
      return advice.commands.every(({ as }) => may(as))
        ? [advice]
        : advice.commands.map(({ command }) => asking(reader.policy, command));
    case 'choose':
      return [
        {
          ...advice,
          choices: advice.choices.map((choice) =>
            may(choice.as) ? choice : { ...choice, mustAsk: whoToAsk(reader.policy) },
          ),
        },
      ];
    case 'fix':
    case 'ask':
    case 'bypass':
      return [advice];
  }
}

function asking(policy: Policy, command: Suggestion | null): Advice {
  return { label: 'ask', who: whoToAsk(policy), command };
}

export function whoToAsk({ contact }: Policy): string {
  return contact ?? 'an administrator of this host';
}

function forStranger(block: Block, { caller, policy, invocation }: Reader): Block {
  const own = block.advice.flatMap((advice) =>
    advice.label === 'choose' && !isHostWide({ invocation }) ? advice.choices.filter(({ as }) => as === null) : [],
  );
  const choices: Advice[] =
    own.length > 0 ? [{ label: 'choose', choices: own }] : block.advice.filter(({ label }) => label === 'bypass');
  return {
    ...block,
    rule: null,
    daemon: null,
    reason: `${callOf(invocation)} is not for ${caller.user} to run.`,
    details: [
      `PM2 is installed, but the config gives ${caller.user} no daemon on this host, and no right to use those of ` +
        'other users.',
    ],
    advice: [...choices, asking(policy, null)],
  };
}
