import type { Invocation, Startup } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import { commandFor } from './suggestion.ts';
import type { Suggestion, Verdict } from './verdict.ts';

/**
 * `startup` and `unstartup` are about the host: they write the unit that revives a daemon at boot. PM2 takes the unit's
 * user from -u (else $USER) and its home from --hp (else the caller's), apart from each other (lib/API/Startup.js), so
 * that `sudo pm2 startup -u www-data` makes a unit of www-data with root's home (T25). Both must be one declared daemon's.
 */
export function decideStartup(invocation: Invocation, caller: Caller, policy: Policy): Verdict {
  const asked = invocation.startup ?? { user: null, hp: null, platform: null };
  const candidates = candidatesFor(asked, caller, policy);
  const [daemon] = candidates;
  if (!daemon) return refuse(invocation, caller, policy, asked);
  if (candidates.length > 1) {
    return {
      type: 'block', code: 'PG106', rule: null, daemon: null,
      reason: `${invocation.typed ?? 'startup'}: user ${daemon.user} has several daemons, and --hp does not say which`,
      details: candidates.map((one) => `${one.name}: home ${one.home}  (${policy.file}:${one.line})`),
      run: candidates.map((one) => startupCommand(one, caller, invocation)),
    };
  }
  // -u alone decides what `unstartup` removes, so a missing one is filled in there too; --hp it does not read, nor need.
  const wanted = homeParent(daemon);
  const user = asked.user ?? (invocation.command === 'unstartup' ? caller.user : null);
  const right = user === daemon.user && (wanted === null ? asked.hp === null && caller.home === daemon.home : trimmed(asked.hp) === wanted);
  if (right) return { type: 'pass', code: 'PG001', reason: `the unit is of daemon ${daemon.name}`, rule: null, daemon, report: false };
  const reason = `${invocation.typed ?? 'startup'} would write a unit of user ${asked.user ?? caller.user} with home ${asked.hp === null ? caller.home : `${trimmed(asked.hp) ?? ''}/.pm2`}`;
  switch (daemon.mode) {
    case 'observe':
      return { type: 'pass', code: 'PG003', reason, rule: null, daemon: null, report: true };
    case 'rewrite':
      return { type: 'rewrite', code: 'PG107', reason, rule: null, daemon, argv: filledIn(daemon, invocation), switch: false };
    case 'block':
      return {
        type: 'block', code: 'PG107', reason, rule: null, daemon,
        details: [`daemon ${daemon.name}: user ${daemon.user}, home ${daemon.home}  (${policy.file}:${daemon.line})`],
        run: [startupCommand(daemon, caller, invocation)],
      };
  }
}

function candidatesFor(asked: Startup, caller: Caller, policy: Policy): Daemon[] {
  if (asked.user !== null) {
    const ofUser = policy.daemons.filter((daemon) => daemon.user === asked.user || String(daemon.uid) === asked.user);
    const atHome = ofUser.filter((daemon) => homeParent(daemon) === trimmed(asked.hp));
    // A --hp that fits none of the user's daemons is the trap itself when he has one: it is put right.
    return atHome.length > 0 ? atHome : ofUser;
  }
  if (asked.hp !== null) {
    return policy.daemons.filter((daemon) => homeParent(daemon) === trimmed(asked.hp));
  }
  const own = policy.daemons.filter((daemon) => daemon.home === caller.home);
  return own.length > 0 ? own : policy.daemons.filter((daemon) => daemon.name === policy.default);
}

/** What --hp must say: PM2 appends `.pm2`. Null where the daemon's home has another name, which only PM2_HOME can say. */
export function homeParent(daemon: Daemon): string | null {
  return daemon.home.endsWith('/.pm2') ? daemon.home.slice(0, -'/.pm2'.length) || '/' : null;
}

function trimmed(hp: string | null): string | null {
  return hp === null ? null : hp.replace(/\/+$/, '') || '/';
}

/** The words as typed, with -u and --hp put right. Later ones win in commander 2, so they go last, but before a `--`. */
function filledIn(daemon: Daemon, invocation: Invocation): readonly string[] {
  const parent = homeParent(daemon);
  const words = ['-u', daemon.user, ...(parent === null ? [] : ['--hp', parent])];
  const dashes = invocation.argv.indexOf('--');
  const at = dashes === -1 ? invocation.argv.length : dashes;
  return [...invocation.argv.slice(0, at), ...words, ...invocation.argv.slice(at)];
}

function startupCommand(daemon: Daemon, caller: Caller, invocation: Invocation): Suggestion {
  const home = homeParent(daemon) === null ? [`PM2_HOME=${daemon.home}`] : [];
  const call = [...home, 'pm2', ...filledIn(daemon, invocation)];
  return caller.uid === 0 && home.length === 0 ? call : caller.uid === 0 ? ['env', ...call] : ['sudo', ...call];
}

function refuse(invocation: Invocation, caller: Caller, policy: Policy, asked: Startup): Verdict {
  const who = asked.user ?? (asked.hp === null ? caller.user : `home ${asked.hp}`);
  return {
    type: 'block', code: 'PG106', rule: null, daemon: null,
    reason: `${invocation.typed ?? 'startup'}: no daemon is declared for ${who}`,
    details: [`a unit for it would revive a daemon that nobody should use  (${policy.file})`],
    run: policy.daemons.map((daemon) => (invocation.command === 'startup' ? startupCommand(daemon, caller, invocation) : commandFor(daemon, caller, invocation.argv))),
  };
}
