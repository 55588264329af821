import type { Startup } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { ask } from './ask.ts';
import {
  askedName,
  candidatesFor,
  daemonOfUnit,
  hasRightName,
  hpOf,
  isUserOf,
  unitAsked,
  pm2HomeOfHp,
} from './asked-unit.ts';
import type { VerdictQuestion } from './decide.ts';
import type { More, Pass, Verdict } from './verdict.ts';
import { blockUnsaid, choosing, hostCommand, refuseUnit, wordsFor } from './unit-advice.ts';
import { callOf, daemonLine } from './words.ts';

/**
 * PM2 takes a unit's user from -u and its PM2_HOME from --hp or the caller (lib/API/Startup.js), so `sudo pm2 startup
 * -u www-data` gives that user's unit root's PM2_HOME (T25). So does `logrotate` (LogManagement.js).
 */
export function decideHostWide(question: VerdictQuestion): Verdict | More {
  const { invocation } = question;
  switch (invocation.command) {
    case 'startup':
      return decideUnit(question, unitAsked(question));
    case 'unstartup':
      return decideUnstartup(question);
    case 'logrotate':
      return decideLogrotate(question);
    case null:
    default:
      return hostWide('PG009', `${callOf(invocation)} is about this host's own PM2`, null);
  }
}

function hostWide(code: Pass['code'], reason: string, daemon: Daemon | null): Pass {
  return { type: 'pass', code, reason, rule: null, daemon, report: null, daemonless: true };
}

function decideUnit(question: VerdictQuestion, asked: Startup): Verdict {
  const { invocation, caller, policy } = question;
  const candidates = candidatesFor(asked, question);
  const [daemon] = candidates;
  if (!daemon && saysNothing(asked, question)) return blockUnsaid(question);
  if (!daemon) return refuseUnit(question, asked.user ?? (asked.hp === null ? caller.user : null));
  if (candidates.length > 1) {
    return {
      type: 'block',
      code: 'PG106',
      rule: null,
      daemon: null,
      reason: `${callOf(invocation)}: user ${daemon.user} has several daemons, and nothing says which.`,
      details: candidates.map((one) => daemonLine(one, policy)),
      advice: choosing(candidates, question),
    };
  }
  const user = asked.user ?? caller.user;
  const pm2Home = asked.hp === null ? caller.pm2Home : pm2HomeOfHp(asked.hp);
  const right = hasRightName(question, daemon);
  if (isUserOf(user, daemon) && pm2Home === daemon.pm2Home && right) {
    // Without root PM2 only prints a line for root, whose --hp is the HOME of the caller.
    if (caller.uid === 0 || (caller.uid === daemon.uid && hpOf(daemon) === daemon.homeDirectory))
      return { ...hostWide('PG001', `the unit is of daemon "${daemon.name}"`, daemon), daemonless: caller.uid !== 0 };
  }
  return putRight(
    question,
    daemon,
    isUserOf(user, daemon) && pm2Home === daemon.pm2Home && !right
      ? `${callOf(invocation)} would write ${askedName(question)}.service, which is for another daemon of ${user}`
      : `${callOf(invocation)} would write a unit of user ${user} with PM2_HOME ${pm2Home}`,
  );
}

/** The unit's name has only the user in it, so PM2_HOME does not matter. */
function decideUnstartup(question: VerdictQuestion): Verdict | More {
  const { invocation, caller, policy, evidence } = question;
  const { user } = unitAsked(question);
  if (user !== null) {
    const daemon = daemonOfUnit(question, user);
    if (daemon === null)
      return hostWide('PG008', `${callOf(invocation)} removes a unit of ${user}, who has no declared daemon`, null);
    if (hasRightName(question, daemon))
      return hostWide('PG001', `${callOf(invocation)} names the unit of ${user}`, daemon);
    const named = `${askedName(question)}.service, which is for another daemon of ${user}`;
    return putRight(question, daemon, `${callOf(invocation)} would remove ${named}`);
  }
  const own = policy.daemons.find(({ uid }) => uid === caller.uid) ?? null;
  if (caller.uid !== 0 || own !== null)
    return hostWide('PG001', `${callOf(invocation)} is about the unit of ${caller.user}`, own);
  if (evidence.rootUnit === undefined) return { type: 'more', wants: 'root unit' };
  if (evidence.rootUnit)
    return hostWide('PG008', `${callOf(invocation)} removes the unit of root, who has no declared daemon`, null);
  const block = ask(question, {});
  return {
    ...block,
    reason: `${callOf(invocation)} does not say whose boot unit it removes, and root has none.`,
    advice: choosing(
      policy.daemons.filter(({ name }) => policy.default === null || name === policy.default),
      question,
      'NOTHING STARTS AT BOOT',
    ),
  };
}

function decideLogrotate(question: VerdictQuestion): Verdict {
  const { invocation, caller, policy } = question;
  if (caller.uid !== 0) return hostWide('PG009', `${callOf(invocation)} is work for root, as PM2 says itself`, null);
  const asked = typeof invocation.line.options.user === 'string' ? invocation.line.options.user : null;
  const candidates = candidatesFor({ user: asked, hp: null, platform: null }, question);
  const [daemon] = candidates;
  if (!daemon && asked === null) return blockUnsaid(question);
  if (!daemon) return refuseUnit(question, asked ?? 'root');
  if (candidates.length > 1 && !candidates.some(({ pm2Home }) => pm2Home === caller.pm2Home)) {
    return {
      type: 'block',
      code: 'PG106',
      rule: null,
      daemon: null,
      reason: `${callOf(invocation)}: user ${daemon.user} has several daemons, and PM2_HOME does not say which.`,
      details: candidates.map((one) => daemonLine(one, policy)),
      advice: choosing(candidates, question),
    };
  }
  const meant = candidates.find(({ pm2Home }) => pm2Home === caller.pm2Home) ?? daemon;
  if (isUserOf(asked ?? 'root', meant) && caller.pm2Home === meant.pm2Home)
    return hostWide('PG001', `the logs are those of daemon "${meant.name}"`, meant);
  return putRight(
    question,
    meant,
    `${callOf(invocation)} would rotate the logs in ${caller.pm2Home} for ${asked ?? 'root'}`,
  );
}

function putRight(question: VerdictQuestion, daemon: Daemon, reason: string): Verdict {
  const { invocation, policy } = question;
  const argv = wordsFor(question, daemon);
  const command = hostCommand(question, daemon);
  const details = [`It should be that of ${daemonLine(daemon, policy)}`];
  if (argv === null || command === null) {
    return {
      type: 'block',
      code: 'PG107',
      reason: `${reason}, and the line cannot be put right.`,
      rule: null,
      daemon,
      details,
      advice: [{ label: 'fix', text: `type it plainly: pm2 ${invocation.command ?? ''} with -u and --hp once each` }],
    };
  }
  switch (daemon.mode) {
    case 'observe':
      return { type: 'pass', code: 'PG003', reason, rule: null, daemon: null, report: 'observed', daemonless: false };
    case 'rewrite':
      return {
        type: 'rewrite',
        code: 'PG107',
        reason,
        rule: null,
        daemon,
        why: null,
        argv,
        switch: false,
        stray: false,
        dropsRunAs: false,
      };
    case 'block':
      return {
        type: 'block',
        code: 'PG107',
        reason: `${reason}.`,
        rule: null,
        daemon,
        details,
        advice: [{ label: 'run', command, as: null }],
      };
  }
}

/** `sudo pm2 startup`: to declare a daemon of root's would be no answer to it. */
function saysNothing({ user, hp }: Startup, { caller }: VerdictQuestion): boolean {
  return user === null && hp === null && caller.uid === 0;
}
