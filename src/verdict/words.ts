import { describeCommand } from '../terminal/shown.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';

const LONGEST_CALL = 72;

export function callOf({ argv }: Pick<Invocation, 'argv'>): string {
  const line = describeCommand(['pm2', ...argv]);
  return `"${line.length > LONGEST_CALL ? `${line.slice(0, LONGEST_CALL)}...` : line}"`;
}

/** `as root would use root's own PM2 daemon (PM2_HOME /root/.pm2)`. */
export function wouldUse(to: Daemon, { caller, policy }: { caller: Caller; policy: Policy }): string {
  const { user, overrides, pm2Home } = caller;
  if (to.uid === caller.uid && to.pm2Home === pm2Home) {
    return caller.socketMoved
      ? `as ${user} would use the PM2 daemon that ${overrides.join(', ')} names`
      : `as ${user} would use other PM2 files, which ${overrides.join(', ')} names`;
  }
  return `as ${user} would use ${describeDaemonOf(caller, policy)}`;
}

/** `root's own PM2 daemon (PM2_HOME /root/.pm2)`, or `the PM2 daemon in PM2_HOME /srv/x` if the call chose it. */
export function describeDaemonOf(caller: Caller, policy: Policy): string {
  if (caller.socketMoved) return `the PM2 daemon that ${caller.overrides.join(', ')} names`;
  const declared = policy.daemons.find(({ pm2Home }) => pm2Home === caller.pm2Home);
  if (declared?.uid === caller.uid) return `daemon "${declared.name}" (PM2_HOME ${caller.pm2Home})`;
  if (declared) return `the PM2_HOME of daemon "${declared.name}" (${caller.pm2Home})`;
  return caller.pm2HomeChosen
    ? `the PM2 daemon in PM2_HOME ${caller.pm2Home}`
    : `${caller.user}'s own PM2 daemon (PM2_HOME ${caller.pm2Home})`;
}

/** The variables that chose another PM2_HOME or other PM2 files. */
export function choosingVariables({ pm2HomeChosen, overrides }: Caller, env: NodeJS.ProcessEnv): string {
  // PM2's order (src/pm2/home.ts).
  const chosen = ['OVER_HOME', 'PM2_HOME'].find((name) => env[name] !== undefined && env[name] !== '') ?? 'HOME';
  return [...new Set([...(pm2HomeChosen ? [chosen] : []), ...overrides])].join(' and ');
}

/** `daemon "web": user www-data, PM2_HOME /var/www/.pm2  (config.yaml:7)`. */
export function daemonLine(daemon: Daemon, policy: Policy, line = daemon.line): string {
  return `daemon "${daemon.name}": user ${daemon.user}, PM2_HOME ${daemon.pm2Home}  (${policy.file}:${line})`;
}

/** @throws Error if the policy lacks the daemon, which its schema rules out */
export function daemonNamed(policy: Policy, name: string): Daemon {
  const daemon = policy.daemons.find((candidate) => candidate.name === name);
  if (!daemon) throw new Error(`policy names a daemon it does not hold: ${name}`);
  return daemon;
}
