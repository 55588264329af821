import type { App, Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import { classOf } from './command-class.ts';
import { isOwn } from './situation.ts';
import { bypassFor, commandFor, ownCall } from './suggestion.ts';
import type { Choice, Evidence, ListedApp } from './verdict.ts';

const NAMED_APPS = 3;

/** The caller's own daemon is first. `meant.own`: the caller's undeclared daemon is possible too. */
export function choicesFor(
  meant: { daemons: readonly Daemon[]; own: boolean },
  invocation: Invocation,
  caller: Caller,
  policy: Policy,
  evidence: Partial<Evidence>,
): Choice[] {
  const own = meant.own ? [ownChoice(invocation, caller, policy, evidence)] : [];
  return [...own, ...meant.daemons.map((daemon) => declaredChoice(daemon, invocation, caller, evidence))];
}

function ownChoice(invocation: Invocation, caller: Caller, policy: Policy, { own }: Partial<Evidence>): Choice {
  const apps = own?.state === 'callers' ? appsSummary(own.apps) : 'not running';
  return {
    what: caller.pm2HomeChosen ? `the daemon in PM2_HOME ${caller.pm2Home}` : `${caller.user}'s stray`,
    facts: caller.pm2HomeChosen ? apps : `PM2_HOME ${caller.pm2Home}; ${apps}`,
    harm: null,
    command: bypassFor(invocation, caller, policy, own?.user ?? null),
    as: null,
  };
}

function declaredChoice(daemon: Daemon, invocation: Invocation, caller: Caller, { sights }: Partial<Evidence>): Choice {
  const seen = sights?.find((sight) => sight.daemon === daemon.name && sight.source === 'socket');
  const here = isOwn(daemon, caller);
  return {
    what: `daemon "${daemon.name}"`,
    facts: seen ? appsSummary(seen.apps) : `user ${daemon.user}`,
    harm: harmOf(invocation, seen?.apps, 'PRODUCTION'),
    command: here ? ownCall(caller, invocation.argv, invocation) : commandFor(daemon, caller, invocation.argv),
    as: daemon.uid === caller.uid ? null : daemon,
  };
}

export function appsSummary(apps: readonly App[]): string {
  const names = [...new Set(apps.map(({ name }) => name))];
  if (names.length === 0) return 'no apps';
  const rest = names.length > NAMED_APPS ? ', ...' : '';
  return `${names.length} ${names.length === 1 ? 'app' : 'apps'}: ${names.slice(0, NAMED_APPS).join(', ')}${rest}`;
}

/** A warning in capitals. Null: no harm. `all` stands for all apps of the daemon. */
export function harmOf(
  invocation: Invocation,
  apps: readonly ListedApp[] | undefined,
  all: 'PRODUCTION' | 'ALL ITS APPS',
): string | null {
  const { targets } = invocation;
  const whole = targets.length === 0 || targets.some(({ kind }) => kind === 'all');
  switch (classOf(invocation)) {
    case 'ends':
      return endOf(invocation, whole ? all : null, apps);
    case 'interrupts':
      return whole && ['restart', 'reload', 'start', 'update', 'updatePM2'].includes(invocation.command ?? '')
        ? 'ALL ITS APPS RESTART'
        : null;
    case 'no daemon':
    case 'reads':
    case 'starts':
    case 'host':
      return null;
  }
}

function endOf(
  { command, targets }: Invocation,
  all: 'PRODUCTION' | 'ALL ITS APPS' | null,
  apps: readonly ListedApp[] | undefined,
): string {
  switch (command) {
    case 'flush':
      return 'ITS LOGS ARE EMPTIED';
    case 'dump':
    case 'cleardump':
      return 'ITS SAVED LIST IS REPLACED';
    case 'uninstall':
      return 'A MODULE IS REMOVED';
    case 'unset':
    case 'unlink':
    case 'logout':
      return 'ITS SETTINGS ARE ERASED';
    case null:
    default: {
      const things = all ?? targets.map(({ kind, word }) => (kind === 'id' ? numbered(word, apps) : word)).join(', ');
      const plural = all === 'ALL ITS APPS' || (all === null && targets.length > 1);
      return (
        `${things} ` +
        `${plural ? 'STOP' : 'STOPS'}${command === 'delete' ? ` AND ${plural ? 'ARE' : 'IS'} REMOVED` : ''}`
      );
    }
  }
}

/** A number alone says little, so the name is added: `app 0 (myapp)`. */
function numbered(word: string, apps: readonly ListedApp[] | undefined): string {
  const found = apps?.find(({ pmId }) => pmId === Number(word));
  return found ? `app ${word} (${found.name})` : `app ${word}`;
}
