import { quoteCommand } from '../terminal/shown.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';

/** Longer lines are cut: the reader typed the rest. */
const LONGEST_CALL = 72;

/** The call as it was typed, for a sentence: `"pm2 restart myapp"`. */
export function callOf({ argv }: Pick<Invocation, 'argv'>): string {
  const line = quoteCommand(['pm2', ...argv]);
  return `"${line.length > LONGEST_CALL ? `${line.slice(0, LONGEST_CALL)}...` : line}"`;
}

/** What plain pm2 would do: `as root would use root's own PM2 daemon (PM2_HOME /root/.pm2)`. */
export function wouldUse(to: Daemon, { caller, policy }: { caller: Caller; policy: Policy }): string {
  const { user, overrides, home } = caller;
  if (to.uid === caller.uid && to.home === home) {
    return caller.socketMoved
      ? `as ${user} would use the PM2 daemon that ${overrides.join(', ')} names`
      : `as ${user} would use other PM2 files, which ${overrides.join(', ')} names`;
  }
  return `as ${user} would use ${ownDaemon(caller, policy)}`;
}

/** `root's own PM2 daemon (PM2_HOME /root/.pm2)`; `the PM2 daemon in /srv/x` where the call names it. */
export function ownDaemon(caller: Caller, policy: Policy): string {
  if (caller.socketMoved) return `the PM2 daemon that ${caller.overrides.join(', ')} names`;
  const declared = policy.daemons.find(({ home }) => home === caller.home);
  if (declared?.uid === caller.uid) return `daemon "${declared.name}" (PM2_HOME ${caller.home})`;
  if (declared) return `the PM2_HOME of daemon "${declared.name}" (${caller.home})`;
  return caller.homeChosen
    ? `the PM2 daemon in PM2_HOME ${caller.home}`
    : `${caller.user}'s own PM2 daemon (PM2_HOME ${caller.home})`;
}

/** The variables of a call's environment that chose another PM2_HOME, or other PM2 files. */
export function choosingVariables({ homeChosen, overrides }: Caller, env: NodeJS.ProcessEnv): string {
  // The order in which PM2 takes them (src/pm2/home.ts).
  const chosen = ['OVER_HOME', 'PM2_HOME'].find((name) => env[name] !== undefined && env[name] !== '') ?? 'HOME';
  return [...new Set([...(homeChosen ? [chosen] : []), ...overrides])].join(' and ');
}

/** `daemon "web": user www-data, PM2_HOME /var/www/.pm2  (config.yaml:7)`. */
export function daemonLine(daemon: Daemon, policy: Policy, line = daemon.line): string {
  return `daemon "${daemon.name}": user ${daemon.user}, PM2_HOME ${daemon.home}  (${policy.file}:${line})`;
}

/** @throws where the policy names a daemon that it does not hold, which its schema forbids */
export function daemonNamed(policy: Policy, name: string): Daemon {
  const daemon = policy.daemons.find((candidate) => candidate.name === name);
  if (!daemon) throw new Error(`policy names a daemon it does not hold: ${name}`);
  return daemon;
}
