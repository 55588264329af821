import type { App, Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import { classOf } from './command-class.ts';
import { isOwn } from './situation.ts';
import { bypassFor, commandFor } from './suggestion.ts';
import type { Choice, Evidence } from './verdict.ts';

/** How many apps of a daemon a choice names. */
const NAMED_APPS = 3;

/**
 * What a call could mean, the caller's own daemon first.
 *
 * @param meant the declared daemons, and whether the caller's own undeclared one is among them
 */
export function choicesFor(
  meant: { daemons: readonly Daemon[]; own: boolean }, invocation: Invocation, caller: Caller, policy: Policy, evidence: Partial<Evidence>,
): Choice[] {
  const own = meant.own ? [ownChoice(invocation, caller, policy, evidence)] : [];
  return [...own, ...meant.daemons.map((daemon) => declaredChoice(daemon, invocation, caller, evidence))];
}

function ownChoice(invocation: Invocation, caller: Caller, policy: Policy, { own }: Partial<Evidence>): Choice {
  const apps = own?.state === 'callers' ? appsIn(own.apps) : 'not running';
  return {
    what: caller.homeChosen ? `the daemon in PM2_HOME ${caller.home}` : `${caller.user}'s stray`,
    facts: caller.homeChosen ? apps : `PM2_HOME ${caller.home}; ${apps}`,
    harm: null, command: bypassFor(invocation, caller, policy, own?.user ?? null), as: null,
  };
}

function declaredChoice(daemon: Daemon, invocation: Invocation, caller: Caller, { sights }: Partial<Evidence>): Choice {
  const seen = sights?.find((sight) => sight.daemon === daemon.name && sight.source === 'socket');
  const here = isOwn(daemon, caller);
  return {
    what: `daemon "${daemon.name}"`,
    facts: seen ? appsIn(seen.apps) : `user ${daemon.user}`,
    harm: harmOf(invocation, seen?.apps),
    command: here ? ['pm2', ...invocation.argv] : commandFor(daemon, caller, invocation.argv),
    as: daemon.uid === caller.uid ? null : daemon,
  };
}

function appsIn(apps: readonly App[]): string {
  const names = [...new Set(apps.map(({ name }) => name))];
  if (names.length === 0) return 'no apps';
  const rest = names.length > NAMED_APPS ? ', ...' : '';
  return `${names.length} ${names.length === 1 ? 'app' : 'apps'}: ${names.slice(0, NAMED_APPS).join(', ')}${rest}`;
}

/**
 * What would stop in a declared daemon.
 *
 * @param apps of that daemon, where they could be asked for
 */
function harmOf(invocation: Invocation, apps: readonly App[] | undefined): string | null {
  const { command, targets } = invocation;
  const whole = targets.length === 0 || targets.some(({ kind }) => kind === 'all');
  const there = targets.filter(({ kind, word }) => kind !== 'name' || !apps || apps.some(({ name, namespace }) => name === word || namespace === word));
  const things = whole ? 'PRODUCTION' : there.map(({ kind, word }) => (kind === 'id' ? `app ${word}` : word)).join(', ');
  switch (classOf(invocation)) {
    case 'ends':
      if (command === 'flush') return 'ITS LOGS ARE EMPTIED';
      if (command === 'dump' || command === 'cleardump') return 'ITS SAVED LIST IS REPLACED';
      if (command === 'uninstall') return 'A MODULE IS REMOVED';
      if (command === 'unset' || command === 'unlink' || command === 'logout') return 'ITS SETTINGS ARE ERASED';
      if (things === '') return 'HAS NO SUCH APP';
      return `${things} ${whole || there.length === 1 ? 'STOPS' : 'STOP'}`;
    case 'interrupts':
      return whole ? 'ALL ITS APPS ARE CONCERNED' : null;
    case 'no daemon':
    case 'reads':
    case 'starts':
    case 'host':
      return null;
  }
}
