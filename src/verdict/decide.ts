import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy, Rule } from '../policy/policy.ts';
import { isReserved } from '../policy/reserved.ts';
import type { Caller } from './caller.ts';
import { claimsOf, type Claim } from './owners.ts';
import { decideStartup } from './startup.ts';
import { commandFor, withoutTargets } from './suggestion.ts';
import type { Block, Evidence, More, Pass, Rewrite, Verdict } from './verdict.ts';

/**
 * The verdict on one call: pure, and the same for every order of the config (PRODUCT section 3).
 *
 * @param evidence what was found so far; `more` asks for what is missing and settles nothing
 */
export function decide(invocation: Invocation, caller: Caller, policy: Policy, evidence: Evidence): Verdict | More {
  const reserved = reservedName(invocation);
  if (reserved !== null) return blockReserved(reserved, invocation);
  if (policy.exempt.includes(caller.user)) {
    return { type: 'pass', code: 'PG002', reason: `${caller.user} is exempt`, rule: null, daemon: null, report: false };
  }
  if (invocation.startup) return observed(decideStartup(invocation, caller, policy), policy);

  const found = claimsOf(invocation, caller, policy, evidence);
  if (found.type === 'more') return found;
  const known = found.claims.filter((claim) => claim.rules.length > 0);

  const ambiguous = known.find((claim) => claim.rules.length > 1);
  if (ambiguous) return observed(blockAmbiguous(ambiguous, invocation, caller, policy), policy);

  const owners = [...new Set(known.map((claim) => claim.rules[0]?.daemon))];
  if (owners.length > 1) return observed(blockTwoOwners(known, invocation, caller, policy), policy);

  const rule = known[0]?.rules[0] ?? null;
  const daemon = rule ? daemonNamed(policy, rule.daemon) : daemonForUnknown(invocation, caller, policy);
  if (!daemon) return observed(blockHomeless(invocation, caller, policy), policy);
  return land(invocation, caller, policy, daemon, rule);
}

/** Before all else: the guard proves by it that it is in force, for exempt users and in `mode: observe` too (src/verify). */
function reservedName({ targets, starts }: Invocation): string | null {
  return [...targets.map(({ word }) => word), ...starts.map(({ name }) => name ?? '')].find(isReserved) ?? null;
}

function blockReserved(name: string, invocation: Invocation): Block {
  return {
    type: 'block', code: 'PG108', rule: null, daemon: null, run: [],
    reason: `${phrase(invocation)}: ${name} is a name that no app can have`,
    details: ['such names are kept for pm2-guard verify, which proves by them that the guard answers'],
  };
}

/** Whether the real pm2, left alone, would land in this very daemon. */
export function isOwn(daemon: Daemon, caller: Caller): boolean {
  return daemon.uid === caller.uid && daemon.home === caller.home && caller.overrides.length === 0;
}

/**
 * Where a call goes about which no evidence says anything: the declared daemon whose home it would use anyway, or that the
 * environment names; the only one of the caller's, whose HOME or PM2_HOME has led astray (T15 to T20); the default (PRODUCT
 * section 3.3). Null: none of these, and nothing may be spawned.
 */
function daemonForUnknown(invocation: Invocation, caller: Caller, policy: Policy): Daemon | null {
  const named = policy.daemons.find((daemon) => daemon.home === caller.home);
  if (!named && isAboutLifeOfAnother(invocation, caller)) return null;
  const selected = named ?? onlyOneOf(caller, policy);
  // `sudo pm2 start app.js`: nobody chose root's daemon, sudo did (T01). A PM2_HOME typed along is a choice.
  const bySudoAlone = mayStart(invocation) && caller.rootBySudo && !caller.homeChosen && selected?.uid === 0;
  if (selected && !bySudoAlone) return selected;
  return policy.default === null ? null : daemonNamed(policy, policy.default);
}

/**
 * A unit of `pm2 startup` (`resurrect`, `kill`) and a daemon that dies (`node $_ update`, lib/Daemon.js) name the home that they
 * are about. If that is a stray's, no other daemon must end for it, or begin in its unit and end with that (T23, T24).
 */
function isAboutLifeOfAnother({ command }: Invocation, { homeChosen }: Caller): boolean {
  return homeChosen && (command === 'kill' || command === 'resurrect' || command === 'update');
}

function onlyOneOf({ uid }: Caller, policy: Policy): Daemon | null {
  const own = policy.daemons.filter((daemon) => daemon.uid === uid);
  return own.length === 1 ? own[0] ?? null : null;
}

/** A process file starts what it does not find, but for `stop` and `delete` (lib/API.js _startJson, actionFromJson). */
function mayStart({ command, starts, targets }: Invocation): boolean {
  const fromFile = command !== 'stop' && command !== 'delete' && targets.some(({ kind }) => kind === 'file' || kind === 'stdin');
  return starts.length > 0 || fromFile;
}

/** Step 4: the right daemon already, or how to get there. */
function land(invocation: Invocation, caller: Caller, policy: Policy, daemon: Daemon, rule: Rule | null): Verdict {
  if (isOwn(daemon, caller)) {
    return { type: 'pass', code: 'PG001', reason: `it lands in daemon ${daemon.name}`, rule, daemon, report: false };
  }
  const wrongUser = daemon.uid !== caller.uid;
  const code = wrongUser ? 'PG101' : 'PG102';
  const reason = `${phrase(invocation)} as ${caller.user} would use ${whoseDaemon(caller, policy)}`;
  switch (daemon.mode) {
    case 'observe':
      return { type: 'pass', code: 'PG003', reason: `${reason}; ${belongs(invocation, daemon, rule)}`, rule, daemon: null, report: true };
    case 'rewrite':
      return { type: 'rewrite', code, reason, rule, daemon, argv: invocation.argv, switch: wrongUser };
    case 'block':
      return blockWrong({ code, reason, rule, daemon }, invocation, caller, policy);
  }
}

/**
 * A rewrite that this caller cannot be given: only root becomes another user without asking. What he can type instead is what
 * a block shows.
 */
export function insteadOf(rewrite: Rewrite, invocation: Invocation, caller: Caller, policy: Policy): Block {
  const { code, reason, rule, daemon } = rewrite;
  return blockWrong({ code, reason, rule, daemon }, invocation, caller, policy);
}

function blockWrong(why: Pick<Rewrite, 'code' | 'reason' | 'rule' | 'daemon'>, invocation: Invocation, caller: Caller, policy: Policy): Block {
  const { rule, daemon } = why;
  return {
    type: 'block', ...why,
    details: [`${belongs(invocation, daemon, rule)}: user ${daemon.user}, home ${daemon.home}  (${policy.file}:${rule?.line ?? daemon.line})`],
    run: [commandFor(daemon, caller, invocation.argv)],
  };
}

/** What a message calls the call: the command as typed and what it is about. */
export function phrase(invocation: Invocation): string {
  const words = [invocation.typed ?? (invocation.argv[0]?.startsWith('-') ? invocation.argv[0] : null) ?? 'pm2'];
  const names = invocation.starts.map((start) => start.name).filter((name) => name !== null);
  const targets = invocation.targets.map((target) => target.word);
  words.push(...(names.length > 0 ? names : targets));
  return words.join(' ');
}

function belongs(invocation: Invocation, daemon: Daemon, rule: Rule | null): string {
  if (rule === null) return invocation.scope === 'app' ? `what no rule names goes to daemon ${daemon.name}` : `it goes to daemon ${daemon.name}`;
  const { starts, targets } = invocation;
  const what = starts[0]?.name ?? targets[0]?.word ?? rule.pattern;
  return `${what} belongs to daemon ${daemon.name}`;
}

function whoseDaemon(caller: Caller, policy: Policy): string {
  if (caller.overrides.length > 0) return `the daemon that ${caller.overrides.join(', ')} names`;
  const declared = policy.daemons.find((daemon) => daemon.home === caller.home);
  return declared && declared.uid !== caller.uid ? `${declared.user}'s home ${caller.home}` : `${caller.user}'s daemon in ${caller.home}`;
}

function daemonNamed(policy: Policy, name: string): Daemon {
  const daemon = policy.daemons.find((candidate) => candidate.name === name);
  if (!daemon) throw new Error(`policy names a daemon it does not hold: ${name}`); // the schema forbids it
  return daemon;
}

function blockAmbiguous(claim: Claim, invocation: Invocation, caller: Caller, policy: Policy): Block {
  const daemons = claim.rules.map((rule) => daemonNamed(policy, rule.daemon));
  return {
    type: 'block', code: 'PG103', rule: claim.rules[0] ?? null, daemon: null,
    reason: `${phrase(invocation)}: ${claim.what} belongs to ${daemons.map((daemon) => daemon.name).join(' and ')}, and nothing says which is meant`,
    details: claim.rules.map((rule, at) => `${daemons[at]?.name ?? ''}: user ${daemons[at]?.user ?? ''}, home ${daemons[at]?.home ?? ''}  (${policy.file}:${rule.line})`),
    run: daemons.map((daemon) => commandFor(daemon, caller, invocation.argv)),
  };
}

function blockTwoOwners(known: Claim[], invocation: Invocation, caller: Caller, policy: Policy): Block {
  const byDaemon = new Map<string, Claim[]>();
  for (const claim of known) {
    const name = claim.rules[0]?.daemon ?? '';
    byDaemon.set(name, [...(byDaemon.get(name) ?? []), claim]);
  }
  const groups = [...byDaemon].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, claims]) => ({ daemon: daemonNamed(policy, name), claims }));
  return {
    type: 'block', code: 'PG104', rule: null, daemon: null,
    reason: `${phrase(invocation)}: the apps belong to different daemons`,
    details: groups.map(({ daemon, claims }) => `${claims.map((claim) => claim.what).join(', ')}: daemon ${daemon.name}, user ${daemon.user}  (${policy.file}:${claims[0]?.rules[0]?.line ?? daemon.line})`),
    run: groups.map(({ daemon, claims }) => commandFor(daemon, caller, withoutTargets(invocation, claims.map((claim) => claim.what), known.map((claim) => claim.what)))),
  };
}

function blockHomeless(invocation: Invocation, caller: Caller, policy: Policy): Block {
  const declared = policy.daemons.find((daemon) => daemon.home === caller.home);
  const why = policy.default === null ? 'there is no default' : `${phrase(invocation)} is about no other`;
  return {
    type: 'block', code: 'PG105', rule: null, daemon: null,
    reason: `${phrase(invocation)} as ${caller.user} would use ${whoseDaemon(caller, policy)}`,
    details: [
      declared
        ? `no rule names it, and being root by sudo does not make it root's  (${policy.file}:${declared.line})`
        : `no daemon is declared for ${caller.user} in ${caller.home}, and ${why}  (${policy.file})`,
    ],
    run: isAboutLifeOfAnother(invocation, caller)
      ? mayBypass(caller, policy) ? [['PM2_GUARD=off', `PM2_HOME=${caller.home}`, 'pm2', ...invocation.argv]] : []
      : policy.daemons.map((daemon) => commandFor(daemon, caller, invocation.argv)),
  };
}

function mayBypass({ uid }: Caller, { bypass }: Policy): boolean {
  return bypass === 'anyone' || (bypass === 'root' && uid === 0);
}

/** `mode: observe` blocks nothing: it passes and reports. */
function observed(verdict: Verdict, policy: Policy): Verdict {
  if (policy.mode !== 'observe' || verdict.type === 'pass') return verdict;
  const pass: Pass = { type: 'pass', code: 'PG003', reason: verdict.reason, rule: verdict.rule, daemon: null, report: true };
  return pass;
}
