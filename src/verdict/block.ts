import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy, Rule } from '../policy/policy.ts';
import { choicesFor, harmOf } from './choices.ts';
import { classOf } from './command-class.ts';
import type { VerdictQuestion } from './decide.ts';
import type { Claim } from './owners.ts';
import { declaredHere, isOwn } from './situation.ts';
import { bypassFor, commandFor, onlyThese, ownCall } from './suggestion.ts';
import type { Advice, Block, Cause, Rewrite, Verdict } from './verdict.ts';
import { callOf, choosingVariables, daemonLine, daemonNamed, describeDaemonOf } from './words.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';

export interface Reason extends Pick<Rewrite, 'code' | 'reason' | 'rule' | 'daemon'> {
  why: Cause;
}

export function blockReserved(name: string, invocation: Invocation): Block {
  return {
    type: 'block',
    code: 'PG108',
    rule: null,
    daemon: null,
    advice: [],
    reason: `${callOf(invocation)} names ${name}, a name that no app can have.`,
    details: ['Names that begin so are kept for pm2-guard verify, which proves by them that the guard answers.'],
  };
}

export function blockWrong(why: Reason, { invocation, caller, policy, evidence }: VerdictQuestion): Block {
  const { code, reason, rule, daemon } = why;
  const command = commandFor(daemon, caller, invocation.argv);
  const as = daemon.uid === caller.uid ? null : daemon;
  const ends = classOf(invocation) === 'ends';
  const advice: Advice = ends
    ? { label: 'choose', choices: choicesFor({ daemons: [daemon], own: false }, invocation, caller, policy, evidence) }
    : { label: 'run', command, as };
  return {
    type: 'block',
    code,
    reason: `${reason}.`,
    rule,
    daemon,
    details: [
      belongs(why, invocation, policy),
      ...(why.why === 'lost'
        ? [`${caller.pm2Home} comes from ${choosingVariables(caller, invocation.context.env)} in the environment.`]
        : []),
    ],
    advice: [advice],
  };
}

function belongs({ why, daemon, rule }: Reason, invocation: Invocation, policy: Policy): string {
  const line = daemonLine(daemon, policy, rule?.line ?? daemon.line);
  switch (why) {
    case 'rule':
      return `${whatIs(invocation, rule)} belongs to ${line}`;
    case 'default': {
      const what =
        invocation.scope === 'app' ? `No rule names ${whatIs(invocation, null)}` : `${callOf(invocation)} names no app`;
      return `${what}, so it would go to the default, ${line}`;
    }
    case 'lost':
      return `${daemon.user}'s daemon is ${line}`;
    case 'own':
      return `That is ${line}`;
  }
}

function whatIs({ only, starts, targets }: Invocation, rule: Rule | null): string {
  const name = only.length > 0 ? only.join(', ') : (starts[0]?.name ?? targets[0]?.word ?? rule?.pattern ?? 'it');
  return rule === null ? `"${name}"` : name;
}

export function blockAmbiguous(claim: Claim, { invocation, caller, policy, evidence }: VerdictQuestion): Block {
  const daemons = claim.rules.map(({ daemon }) => daemonNamed(policy, daemon));
  return {
    type: 'block',
    code: 'PG103',
    rule: claim.rules[0] ?? null,
    daemon: null,
    reason:
      `${callOf(invocation)}: rules of ${daemons.length} daemons name ${claim.what}, and nothing says which is ` +
      'meant.',
    details: claim.rules.map((rule, at) =>
      daemonLine(daemons[at] ?? daemonNamed(policy, rule.daemon), policy, rule.line),
    ),
    advice: [{ label: 'choose', choices: choicesFor({ daemons, own: false }, invocation, caller, policy, evidence) }],
  };
}

export function blockMissingPin(invocation: Invocation, { daemon }: Verdict, pin: string): Block {
  return {
    type: 'block',
    code: 'PG302',
    rule: null,
    daemon,
    reason: `${callOf(invocation)}: the pm2 pinned for daemon "${daemon?.name ?? ''}" is no pm2: ${pin}`,
    details: ['Running apps are not affected.'],
    advice: [{ label: 'fix', text: `correct "pm2:" in the config, then: ${rootCommandLine('check')}` }],
  };
}

/** @param strays apps that run only in the caller's undeclared daemon */
export function blockTwoOwners(
  known: Claim[],
  strays: Claim[],
  { invocation, caller, policy }: VerdictQuestion,
): Block {
  const groups = groupsOf(known, policy);
  const all = [...known, ...strays];
  const calls = groups.flatMap(
    ({ daemon, claims }) =>
      onlyThese(invocation, claims, all)?.map((argv) => ({
        command: isOwn(daemon, caller) ? ownCall(caller, argv, invocation) : commandFor(daemon, caller, argv),
        as: daemon.uid === caller.uid ? null : daemon,
      })) ?? [null],
  );
  const own =
    strays.length === 0
      ? []
      : (onlyThese(invocation, strays, all)?.map((argv) => ({
          command: ownCall(caller, argv, invocation),
          as: null,
        })) ?? [null]);
  const commands = [...calls, ...own];
  const complete = commands.every((command) => command !== null);
  return {
    type: 'block',
    code: 'PG104',
    rule: null,
    daemon: null,
    reason: `${callOf(invocation)} is about apps of different daemons. A pm2 command reaches only one daemon.`,
    details: [
      ...groups.map(
        ({ daemon, claims }) =>
          `${claims.map(({ what }) => what).join(', ')}: ${daemonLine(daemon, policy, claims[0]?.rules[0]?.line)}`,
      ),
      ...(strays.length === 0
        ? []
        : [`${strays.map(({ what }) => what).join(', ')}: ${describeDaemonOf(caller, policy)}`]),
      ...(complete ? [] : ['The guard cannot split this command: type one for each daemon.']),
    ],
    advice: complete ? [{ label: 'run all', commands }] : [],
  };
}

/** In the order typed. */
function groupsOf(known: Claim[], policy: Policy): { daemon: Daemon; claims: Claim[] }[] {
  const names = [...new Set(known.map(({ rules }) => rules[0]?.daemon ?? ''))];
  return names.map((name) => ({
    daemon: daemonNamed(policy, name),
    claims: known.filter(({ rules }) => rules[0]?.daemon === name),
  }));
}

/** Another daemon must not answer for an undeclared one. */
export function blockUndeclared({ invocation, caller, policy, evidence }: VerdictQuestion): Block {
  const chosen = caller.pm2HomeChosen || caller.socketMoved;
  const lives = evidence.own !== undefined && evidence.own.state !== 'none';
  const harmless = ['reads', 'starts'].includes(classOf(invocation));
  // With a bypass, a start, or any call to a daemon that is not running, would create another stray.
  const bypass =
    lives && classOf(invocation) !== 'starts'
      ? bypassFor(invocation, caller, policy, evidence.own?.user ?? null)
      : null;
  const declared = policy.default === null ? policy.daemons : [daemonNamed(policy, policy.default)];
  const choices = choicesFor({ daemons: declared, own: false }, invocation, caller, policy, evidence);
  const harm = harmOf(invocation, evidence.own?.apps, 'ALL ITS APPS');
  const bySudo = caller.rootBySudo && declaredHere(caller, policy)?.uid === 0;
  return {
    type: 'block',
    code: 'PG105',
    rule: null,
    daemon: null,
    reason: `${callOf(invocation)} as ${caller.user} would use ${describeDaemonOf(caller, policy)}.`,
    details: [
      bySudo
        ? `No rule names this app. A call through sudo does not mean that the app belongs to root  (${policy.file})`
        : `The config declares no daemon there${policy.default === null ? ' and has no default' : ''}  ` +
          `(${policy.file})`,
      ...(chosen
        ? [
            `${lives ? '' : 'Nothing runs there now. '}The call chooses its PM2_HOME itself, so it is not redirected.`,
            ...(bypass === null || harm === null
              ? []
              : [
                  `Without the guard this hits the daemon there: ${harm}. ` +
                    'To see first what runs there, use "pm2 list".',
                ]),
          ]
        : []),
    ],
    advice: !chosen
      ? [{ label: 'choose', choices }]
      : bypass !== null
        ? [{ label: 'bypass', command: bypass }]
        : harmless
          ? [
              { label: 'choose', choices },
              {
                label: 'fix',
                text:
                  `to use PM2_HOME ${caller.pm2Home}, declare a daemon there: ` +
                  commandLineHere(['sudoedit', policy.file]),
              },
            ]
          : [],
  };
}
