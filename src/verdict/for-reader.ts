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
  /** A command as the daemon's user, in a form that sudo's rules for the reader accept. Null: there is none. */
  asAllowed: (command: Suggestion, daemon: Daemon) => Suggestion | null;
  /** The caller is an operator of at least one daemon. */
  isOperator: boolean;
}

/** Commands that the reader may not run become a question. Other users' daemons stay hidden without rights. */
export function forReader(block: Block, reader: Reader): Block {
  const { caller, policy, isOperator, mayBecome } = reader;
  if (block.code === 'PG108') return block;
  // Root may see every daemon, but the user who typed sudo has to type the printed command too.
  if (caller.uid === 0) return forTypist(block, reader);
  const concerned =
    policy.daemons.some(({ uid }) => uid === caller.uid) || isOperator || daemonsIn(block.advice).some(mayBecome);
  const showsDaemons = daemonsIn(block.advice).length > 0 || isHostWide(reader);
  if (!concerned && (showsDaemons || block.advice.length === 0)) return forStranger(block, reader);
  return forTypist(block, reader);
}

/** Each command in a form that the reader may type, or a question. Hides nothing. */
export function forTypist(block: Block, reader: Pick<Reader, 'policy' | 'asAllowed'>): Block {
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

function permitted(advice: Advice, { policy, asAllowed }: Pick<Reader, 'policy' | 'asAllowed'>): Advice[] {
  const allowed = (command: Suggestion, as: Daemon | null) => (as === null ? command : asAllowed(command, as));
  switch (advice.label) {
    case 'run': {
      const command = allowed(advice.command, advice.as);
      return [command === null ? asking(policy, advice.command) : { ...advice, command }];
    }
    case 'run all': {
      const commands = advice.commands.map(({ command, as }) => ({ command: allowed(command, as), as }));
      const isAllowed = (one: (typeof commands)[number]): one is { command: Suggestion; as: Daemon | null } =>
        one.command !== null;
      return commands.every(isAllowed)
        ? [{ ...advice, commands }]
        : advice.commands.map(({ command }) => asking(policy, command));
    }
    case 'choose': {
      const choices = advice.choices.map((choice) => {
        const command = choice.command === null ? null : allowed(choice.command, choice.as);
        const mustAsk = command === null && choice.as !== null;
        return mustAsk ? { ...choice, mustAsk: whoToAsk(policy) } : { ...choice, command };
      });
      return [{ ...advice, choices }];
    }
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
