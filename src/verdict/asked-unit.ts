import { asPm2Home, type Pm2Home } from '../runtime/brands.ts';
import type { Startup } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { bootUnitName, serviceNameOf } from '../policy/service-name.ts';
import type { VerdictQuestion } from './decide.ts';

/** What a `startup` or `unstartup` says about its unit. */
export function unitAsked({ invocation }: VerdictQuestion): Startup {
  return invocation.startup ?? { user: null, hp: null, platform: null };
}

/** The declared daemons that a unit with these options can be for. */
export function candidatesFor(asked: Startup, { caller, policy }: VerdictQuestion): Daemon[] {
  if (asked.user !== null) {
    const user = asked.user;
    const ofUser = policy.daemons.filter((daemon) => isUserOf(user, daemon));
    const there = ofUser.filter(
      ({ pm2Home }) => pm2Home === (asked.hp === null ? caller.pm2Home : pm2HomeOfHp(asked.hp)),
    );
    // A --hp that fits no daemon of the user is the mistake to correct.
    return there.length > 0 ? there : ofUser;
  }
  if (asked.hp !== null) {
    const pm2Home = pm2HomeOfHp(asked.hp);
    return policy.daemons.filter((daemon) => daemon.pm2Home === pm2Home);
  }
  const own = policy.daemons.filter(({ pm2Home }) => pm2Home === caller.pm2Home);
  if (own.length > 0 || caller.uid !== 0)
    return own.length > 0 ? own : policy.daemons.filter(({ uid }) => uid === caller.uid);
  return policy.daemons.filter(({ name }) => name === policy.default);
}

/** The declared daemon whose unit `unstartup` of this user removes. */
export function daemonOfUnit(question: VerdictQuestion, user: string): Daemon | null {
  const { policy } = question;
  const { hp } = unitAsked(question);
  const ofUser = policy.daemons.filter((one) => isUserOf(user, one));
  const byHp = hp === null ? undefined : ofUser.find(({ pm2Home }) => pm2Home === pm2HomeOfHp(hp));
  const name = `${askedName(question)}.service`;
  return byHp ?? ofUser.find((one) => bootUnitName(one, policy.daemons) === name) ?? ofUser[0] ?? null;
}

/** The unit's name as PM2 builds it (lib/API/Startup.js). */
export function askedName(question: VerdictQuestion): string {
  const { serviceName } = question.invocation.line.options;
  return typeof serviceName === 'string' ? serviceName : `pm2-${unitAsked(question).user ?? question.caller.user}`;
}

/** A name is wrong only if it is another daemon's unit. */
export function hasRightName(question: VerdictQuestion, daemon: Daemon): boolean {
  const { daemons } = question.policy;
  const others = daemons.filter((one) => one.name !== daemon.name).map((one) => bootUnitName(one, daemons));
  const name = `${askedName(question)}.service`;
  return !others.includes(name) && (asksForName(question) || serviceNameOf(daemon, daemons) === null);
}

/** The call has --service-name. */
export function asksForName({ invocation }: VerdictQuestion): boolean {
  return typeof invocation.line.options.serviceName === 'string';
}

/** `-u` takes a name or a uid. */
export function isUserOf(user: string, daemon: Daemon): boolean {
  return daemon.user === user || String(daemon.uid) === user;
}

/** PM2 appends `.pm2` to --hp. */
export function pm2HomeOfHp(hp: string): Pm2Home {
  const parent = hp.replace(/\/+$/, '');
  return asPm2Home(`${parent}/.pm2`);
}

/** The value for --hp. Null: only the variable can set such a PM2_HOME. */
export function hpOf({ pm2Home }: Pick<Daemon, 'pm2Home'>): string | null {
  return pm2Home.endsWith('/.pm2') ? pm2Home.slice(0, -'/.pm2'.length) || '/' : null;
}
