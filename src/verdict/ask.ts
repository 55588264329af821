import type { Invocation, Target } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { appsSummary, choicesFor } from './choices.ts';
import type { VerdictQuestion } from './decide.ts';
import type { Claim } from './owners.ts';
import { declaredHere } from './situation.ts';
import type { Block } from './verdict.ts';
import { callOf, daemonNamed, describeDaemonOf } from './words.ts';

/** The call is ambiguous: shows each possible daemon and its apps. */
export function ask(question: VerdictQuestion, { both, claims = [] }: { both?: Daemon; claims?: Claim[] }): Block {
  const { invocation, caller, policy, evidence } = question;
  const fallback = policy.default === null ? policy.daemons : [daemonNamed(policy, policy.default)];
  const named = claims.flatMap(({ rules }) => rules.map(({ daemon }) => daemonNamed(policy, daemon)));
  const here = declaredHere(caller, policy);
  const seen = (daemon: Daemon) =>
    evidence.sights?.find(({ daemon: name, source }) => name === daemon.name && source === 'socket');
  // Beside an app that was found, a missing name does not mean a daemon whose list lacks it.
  const missing = unclaimed(invocation, claims);
  const besides = claims.length > 0 && missing.every(({ kind }) => kind === 'name');
  const others = besides ? fallback.filter((daemon) => !seen(daemon)) : fallback;
  const daemons = [...new Set([...(here ? [here] : []), ...(both ? [both] : [...named, ...others])])];
  const lives = here === null && evidence.own?.state === 'callers';
  const unknown = unknownName(invocation, claims, both);
  // If all its names are missing, there is nothing to choose from.
  const asked = unknown
    ? [
        ...(lives ? [`${caller.user}'s own daemon (${appsSummary(evidence.own?.apps ?? [])})`] : []),
        ...daemons.flatMap((daemon) =>
          seen(daemon) ? [`daemon "${daemon.name}" (${appsSummary(seen(daemon)?.apps ?? [])})`] : [],
        ),
      ]
    : [];
  const meant = unknown ? { daemons: daemons.filter((daemon) => !seen(daemon)), own: false } : { daemons, own: lives };
  const choices = choicesFor(meant, invocation, caller, policy, evidence);
  const running = lives || here ? '' : ', which is not running';
  const asCaller =
    both || unknown ? '' : ` As ${caller.user} it would be ${describeDaemonOf(caller, policy)}${running}.`;
  return {
    type: 'block',
    code: 'PG109',
    rule: claims[0]?.rules[0] ?? null,
    daemon: null,
    reason: why(question, claims, both) + asCaller,
    details: asked.map((one) => `Asked: ${one}`),
    advice: choices.length === 0 ? [{ label: 'fix', text: 'check the name' }] : [{ label: 'choose', choices }],
  };
}

/** The targets that no evidence gives an owner. */
function unclaimed({ targets }: Invocation, claims: readonly Claim[]): readonly Target[] {
  return targets.filter((target) => !claims.some(({ of }) => of === target));
}

/** The call has only names, and no list has one of them. */
function unknownName({ targets }: Invocation, claims: Claim[], both: Daemon | undefined): boolean {
  return !both && claims.length === 0 && targets.length > 0 && targets.every(({ kind }) => kind === 'name');
}

function why({ invocation, evidence }: VerdictQuestion, claims: Claim[], both: Daemon | undefined): string {
  const call = callOf(invocation);
  if (both) {
    const what = claims.map((claim) => claim.what);
    const seen = evidence.sights?.some(
      ({ daemon, source, apps }) =>
        daemon === both.name && source === 'socket' && apps.some(({ name }) => what.includes(name)),
    );
    const [runs, belongs] = new Set(what).size > 1 ? ['run', 'belong'] : ['runs', 'belongs'];
    const where = seen ? 'in two daemons' : `in one daemon and ${belongs} to another, "${both.name}"`;
    return `${[...new Set(what)].join(', ')} ${runs} ${where}, and ${call} does not say which is meant.`;
  }
  const target = unclaimed(invocation, claims)[0] ?? invocation.targets[0];
  switch (target?.kind) {
    case 'id':
      return `${call} names an app by its number, which each daemon counts for itself.`;
    case 'regex':
      return `${call} names apps by a pattern, which can match in every daemon.`;
    case 'name':
      return `${call}: no app "${target.word}" was found.`;
    case undefined:
    case 'all':
    case 'file':
    case 'stdin':
      return `${call} ${invocation.command === 'kill' ? 'stops' : 'acts on'} a whole daemon and does not say which.`;
  }
}
