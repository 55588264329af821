import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy, Rule } from '../policy/policy.ts';
import { isReserved } from '../policy/names.ts';
import { ask } from './ask.ts';
import { blockAmbiguous, blockReserved, blockTwoOwners, blockUndeclared, blockWrong, type Reason } from './block.ts';
import type { Caller } from './caller.ts';
import { classOf } from './command-class.ts';
import { decideHostWide } from './host-wide.ts';
import { claimsOf, type Claim } from './owners.ts';
import { withoutRunAs } from './run-as.ts';
import { declaredHere, isOwn, situationOf, type CallerSituation } from './situation.ts';
import { TABLE, type Row } from './table.ts';
import { callOf, daemonLine, daemonNamed, wouldUse } from './words.ts';
import type { Cause, Evidence, More, Pass, Rewrite, Verdict } from './verdict.ts';

export interface VerdictQuestion {
  invocation: Invocation;
  caller: Caller;
  policy: Policy;
  evidence: Evidence;
}

/** Decides one call (docs/contract.md section 3). Pure, and independent of the order of the config. */
export function decide(invocation: Invocation, caller: Caller, policy: Policy, evidence: Evidence): Verdict | More {
  const question = { invocation, caller, policy, evidence };
  const reserved = reservedName(invocation);
  if (reserved !== null) return blockReserved(reserved, invocation);
  if (policy.exempt.includes(caller.user)) return pass('PG002', `${caller.user} is exempt`);
  if (caller.bypass && mayBypass(caller, policy)) return pass('PG004', 'PM2_GUARD=off');
  const kind = classOf(invocation);
  if (kind === 'no daemon') return { ...pass('PG005', `${callOf(invocation)} needs no daemon`), daemonless: true };
  const verdict = kind === 'host' ? decideHostWide(question) : decideByOwner(question, kind);
  return verdict.type === 'more' ? verdict : observed(verdict, policy);
}

export function mayBypass({ uid }: Pick<Caller, 'uid'>, { bypass }: Policy): boolean {
  return bypass === 'anyone' || (bypass === 'root' && uid === 0);
}

/** Checked first, even for exempt users and in `mode: observe`, because `pm2-guard verify` relies on it. */
function reservedName({ targets, starts }: Invocation): string | null {
  return [...targets.map(({ word }) => word), ...starts.map(({ name }) => name ?? '')].find(isReserved) ?? null;
}

function pass(code: Pass['code'], reason: string, daemon: Daemon | null = null, rule: Rule | null = null): Pass {
  return { type: 'pass', code, reason, rule, daemon, report: null, daemonless: false };
}

function decideByOwner(question: VerdictQuestion, kind: 'reads' | 'starts' | 'interrupts' | 'ends'): Verdict | More {
  const { invocation, caller, policy, evidence } = question;
  const found = claimsOf(invocation, caller, policy, evidence, declaredHere(caller, policy) !== null);
  if (found.type === 'more') return found;
  const known = found.claims.filter(({ rules }) => rules.length > 0);
  const strays = found.claims.filter(({ rules, inOwn }) => rules.length === 0 && inOwn);
  const unknown = found.claims.filter(({ rules, inOwn }) => rules.length === 0 && !inOwn);

  const ambiguous = known.find(({ rules }) => rules.length > 1);
  if (ambiguous) return evidence.sights ? blockAmbiguous(ambiguous, question) : { type: 'more', wants: 'sights' };
  const owners = new Set(known.map(({ rules }) => rules[0]?.daemon));
  if (owners.size + (strays.length > 0 ? 1 : 0) > 1) return blockTwoOwners(known, strays, question);

  // `all`, ids and patterns go with the named things, unless they could hit an unknown app.
  const loose = found.loose.filter((target) => kind === 'ends' || !found.claims.some(({ of }) => of === target));
  const open = loose.length > 0 || (kind === 'ends' && unknown.length > 0) || known.length + strays.length === 0;
  const row: Row = kind === 'interrupts' && loose.length === 0 && unknown.length > 0 ? 'interrupts by name' : kind;
  if (!open) return known[0] ? toOwner(known, kind === 'ends', question) : passStray(strays, question);
  const elsewhere = byTable(row, question);
  if (known.length + strays.length === 0 || elsewhere.type === 'more') return elsewhere;
  const owner = known[0]?.rules[0]?.daemon ?? null;
  const sameDaemon = elsewhere.type !== 'block' && owner !== null && elsewhere.daemon?.name === owner;
  return sameDaemon ? elsewhere : askOrMore(question, { claims: [...known, ...strays] });
}

function toOwner(known: Claim[], ends: boolean, question: VerdictQuestion): Verdict | More {
  const { caller, policy, evidence } = question;
  const rule = known[0]?.rules[0] ?? null;
  const daemon = daemonNamed(policy, rule?.daemon ?? '');
  if (ends && !isOwn(daemon, caller)) {
    // The caller's own daemon may have an app of that name too.
    const own = declaredHere(caller, policy);
    if (own === null && !evidence.own) return { type: 'more', wants: 'own' };
    if (own !== null && own.name !== daemon.name && !evidence.sights) return { type: 'more', wants: 'sights' };
    const inBoth = known.filter(
      (claim) => claim.inOwn || (own !== null && own.name !== daemon.name && livesIn(own, claim, evidence)),
    );
    if (inBoth.length > 0) return askOrMore(question, { both: daemon, claims: inBoth });
  }
  return land(question, { daemon, rule, why: 'rule' });
}

function livesIn(daemon: Daemon, { what }: Claim, { sights }: Evidence): boolean {
  return (sights ?? []).some((sight) => sight.daemon === daemon.name && sight.apps.some(({ name }) => name === what));
}

/** The app runs only in the caller's undeclared daemon, so the call passes. */
function passStray(strays: Claim[], { caller }: VerdictQuestion): Pass {
  const names = strays.map(({ what }) => what).join(', ');
  return {
    ...pass('PG006', `${names} lives only in ${caller.user}'s own daemon (PM2_HOME ${caller.pm2Home})`),
    report: 'stray',
  };
}

/** For calls without evidence (src/verdict/table.ts). */
function byTable(row: Row, question: VerdictQuestion): Verdict | More {
  const { caller, policy, evidence, invocation } = question;
  const standing = situationOf(caller, policy, evidence.own);
  if (standing === null) return { type: 'more', wants: 'own' };
  // `sudo pm2 start app.js`: root's daemon was chosen by sudo, not by the person (T01). A typed PM2_HOME is a choice.
  const bySudoAlone = caller.rootBySudo && !caller.pm2HomeChosen && standing.daemon?.uid === 0;
  const startsNew =
    row === 'starts' ||
    (invocation.command === 'restart' && invocation.targets.some(({ kind }) => kind === 'file' || kind === 'stdin'));
  const outcome = bySudoAlone && startsNew ? 'default' : TABLE[row][standing.situation];
  switch (outcome) {
    case 'own':
      return standing.daemon
        ? land(question, { daemon: standing.daemon, rule: null, why: standing.situation === 'lost' ? 'lost' : 'own' })
        : toDefault(question, standing);
    case 'named':
      if (evidence.own?.state !== 'callers') return blockUndeclared(question);
      return {
        ...pass('PG007', `${caller.user}'s own daemon is named, and lives (PM2_HOME ${caller.pm2Home})`),
        report: null,
      };
    case 'default':
      return toDefault(question, standing);
    case 'block':
      return blockUndeclared(question);
    case 'ask':
      return askOrMore(question, {});
  }
}

function toDefault(question: VerdictQuestion, { situation }: CallerSituation): Verdict | More {
  const { policy } = question;
  if (policy.default === null) return blockUndeclared(question);
  const verdict = land(question, { daemon: daemonNamed(policy, policy.default), rule: null, why: 'default' });
  return verdict.type === 'rewrite' ? { ...verdict, stray: situation === 'alive' } : verdict;
}

/** The block shows the apps of each daemon, so this first asks for them. */
function askOrMore(question: VerdictQuestion, about: { both?: Daemon; claims?: Claim[] }): Verdict | More {
  if (!question.evidence.sights) return { type: 'more', wants: 'sights' };
  if (!question.evidence.own && declaredHere(question.caller, question.policy) === null)
    return { type: 'more', wants: 'own' };
  return ask(question, about);
}

export function land(question: VerdictQuestion, to: { daemon: Daemon; rule: Rule | null; why: Cause }): Verdict | More {
  const { invocation, caller } = question;
  const { daemon, rule } = to;
  if (isOwn(daemon, caller)) return pass('PG001', `it lands in daemon "${daemon.name}"`, daemon, rule);
  const wrongUser = daemon.uid !== caller.uid;
  const reason: Reason = {
    ...to,
    code: wrongUser ? 'PG101' : 'PG102',
    reason: `${callOf(invocation)} ${wouldUse(daemon, question)}`,
  };
  switch (daemon.mode) {
    case 'observe': {
      const place = daemonLine(daemon, question.policy, rule?.line);
      return { ...pass('PG003', `${reason.reason}; the config puts it into ${place}`, null, rule), report: 'observed' };
    }
    case 'rewrite': {
      const rewrite: Rewrite = {
        type: 'rewrite',
        code: reason.code,
        reason: reason.reason,
        rule,
        daemon,
        why: to.why,
        argv: invocation.argv,
        switch: wrongUser,
        stray: false,
        dropsRunAs: false,
      };
      return wrongUser ? withoutRunAs(rewrite, question) : rewrite;
    }
    case 'block':
      // The block shows which apps would stop.
      if (classOf(invocation) === 'ends' && !question.evidence.sights) return { type: 'more', wants: 'sights' };
      return blockWrong(reason, question);
  }
}

/** The block for a caller who may not use sudo for the owner. */
export function insteadOf(
  { code, reason, rule, daemon, why }: Rewrite,
  question: VerdictQuestion,
): Verdict & { type: 'block' } {
  return blockWrong({ code, reason, rule, daemon, why: why ?? 'default' }, question);
}

/** `mode: observe` passes everything and reports. */
function observed(verdict: Verdict, policy: Policy): Verdict {
  if (policy.mode !== 'observe' || verdict.type === 'pass') return verdict;
  return { ...pass('PG003', verdict.reason, null, verdict.rule), report: 'observed' };
}
