import type { Pm2Home } from '../runtime/brands.ts';
import { closeInherited } from '../identity/descriptors.ts';
import { hasDoasOrPkexec } from '../identity/caller.ts';
import { dropSudoVariables, ownersEnvironment, type Crossed } from '../identity/environment.ts';
import { setpriv } from '../identity/setpriv.ts';
import { SwitchError, switchUser } from '../identity/switch-user.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { overridingConfig, policyReader } from '../policy/places.ts';
import type { Daemon } from '../policy/policy.ts';
import { mayExecute } from '../runtime/peek.ts';
import { hpOf } from '../verdict/asked-unit.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Pass, Rewrite } from '../verdict/verdict.ts';
import { classOf } from '../verdict/command-class.ts';
import { callOf } from '../verdict/words.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { cannotEnter, refuseUnreadable } from './closed-to-owner.ts';
import { becomePm2 } from './handoff.ts';
import { dropRunAs } from './drop-run-as.ts';
import { refuseUnmakeablePm2Home } from './no-home.ts';
import { foreignCode } from './foreign-code.ts';
import { lendPm2Home, type LentPm2Home } from './lend-home.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { pathFor, runnableNode } from './owners-node.ts';
import { becomePm2In, isOtherNode } from './pinned-node.ts';
import { say } from './report.ts';
import { becomeThroughSetpriv, hasPamHelper } from './through-setpriv.ts';
import { leftOutLines, variablesFor } from './variables.ts';

export interface GuardCall extends InstalledPm2 {
  argv: readonly string[];
  /** Input that was read already. Null: none. */
  stdin: Buffer | null;
  invocation: Invocation;
  /** It came through sudo, so the daemon was chosen before. */
  hopped: boolean;
  /** It only lists apps of a stopped daemon with a boot unit, so that daemon is not started. */
  daemonDown: boolean;
  beforeHandOff: () => void;
}

export interface RewrittenCall extends GuardCall {
  throughSudo: (verdict: Rewrite) => void;
}

/** Runs the call as the caller. Our own variables are removed, and sudo's if sudo switched to the owner. */
export function carryOutPass(call: GuardCall, caller: Caller, { daemon, daemonless, report }: Pass): void {
  refuseForeignCode(call, daemonless || report === 'observed' ? null : daemon);
  if (daemon !== null && caller.uid !== 0 && cameByAnother(caller)) dropSudoVariables(process.env);
  if (call.hopped && daemon !== null) {
    enterWorkingDirectory(daemon, call.invocation, caller);
    refuseUnreadable(call.invocation, daemon);
    if (!call.daemonDown && !daemonless) refuseUnmakeablePm2Home(daemon, call.invocation);
  }
  // A host-wide command writes PM2_HOME into a file of root's.
  const written = classOf(call.invocation) === 'host' ? caller.pm2Home : null;
  const lent = daemonless || call.daemonDown ? lendPm2Home(call.version, written, call.daemonDown) : null;
  const dropsRunAs = call.hopped && daemon !== null && call.invocation.targets.some(({ kind }) => kind === 'file');
  handOver(call, daemon?.node ?? null, { lent, runsAs: dropsRunAs ? daemon : null });
}

/** Runs the call in its daemon. `announce` is called just before pm2. Throws CannotCarryOut before a run. */
export function carryOutRewrite(
  verdict: Rewrite,
  invocation: Invocation,
  caller: Caller,
  call: RewrittenCall,
  announce: () => void,
): void {
  const { daemon } = verdict;
  const hostWide = verdict.code === 'PG107';
  if (verdict.switch) {
    const needed = becomeOwner(daemon, invocation, caller);
    if (needed !== null) {
      callAsOwner(verdict, call, needed, announce);
      return;
    }
  } else {
    for (const name of PATH_OVERRIDES) Reflect.deleteProperty(process.env, name);
    if (!hostWide) {
      process.env['PM2_HOME'] = daemon.pm2Home;
      if (caller.uid !== 0 && cameByAnother(caller)) dropSudoVariables(process.env);
    } else if (caller.uid !== 0) process.env['HOME'] = hpOf(daemon) ?? daemon.homeDirectory; // PM2 prints it as --hp
  }
  refuseForeignCode(call, hostWide ? null : daemon);
  if (verdict.switch) refuseUnreadable(invocation, daemon);
  if (!hostWide && !call.daemonDown && process.geteuid?.() !== 0) refuseUnmakeablePm2Home(daemon, invocation);
  const node = daemon.node ?? (verdict.switch ? runnableNode(daemon) : null);
  if (!hostWide && !call.daemonDown) isOtherNode(node); // throws before the notice
  announce();
  const lent = hostWide
    ? lendPm2Home(call.version, pm2HomeInUnit(daemon, invocation))
    : call.daemonDown
      ? lendPm2Home(call.version, null, true)
      : null;
  handOver({ ...call, argv: verdict.argv }, hostWide ? null : node, {
    lent,
    runsAs: verdict.dropsRunAs ? daemon : null,
  });
}

function cameByAnother({ login }: Caller): boolean {
  return login !== null || hasDoasOrPkexec(process.env);
}

/** PM2_HOME for `startup` and `logrotate`. Null: --hp sets it. */
function pm2HomeInUnit(daemon: Daemon, { command }: Invocation): Pm2Home | null {
  return command === 'startup' && hpOf(daemon) !== null ? null : daemon.pm2Home;
}

/** What another process needs to become the owner's. */
interface OwnersEnvironment {
  environment: NodeJS.ProcessEnv;
  crossed: Crossed;
}

/** Makes this process the owner's. If it cannot switch, returns what another process needs. */
function becomeOwner(daemon: Daemon, invocation: Invocation, caller: Caller): OwnersEnvironment | null {
  const crossed = variablesFor(daemon, invocation, caller);
  const environment = ownersEnvironment(crossed.variables, daemon, pathFor(daemon.node ?? process.execPath));
  for (const name of PATH_OVERRIDES) Reflect.deleteProperty(environment, name);
  environment['PM2_HOME'] = daemon.pm2Home;
  // For the guard if it runs again in the owner's process. PM2 does not get it (dropOwnVariables).
  const config = overridingConfig(policyReader());
  if (config !== null) environment['PM2_GUARD_CONFIG'] = config;
  closeInherited();
  if (hasPamHelper()) return { environment, crossed };
  try {
    switchUser(daemon);
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error;
    if (error.unchanged) return { environment, crossed };
    throw new CannotCarryOut('PG110', `${callOf(invocation)}: ${error.message}.`);
  }
  say(leftOutLines(crossed, invocation));
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  enterWorkingDirectory(daemon, invocation, caller);
  return null;
}

/** The guard runs again in the owner's process, and checks files with the owner's rights. */
function callAsOwner(
  verdict: Rewrite,
  call: RewrittenCall,
  { environment, crossed }: OwnersEnvironment,
  announce: () => void,
): void {
  const { invocation, stdin } = call;
  const bySetpriv = setpriv() !== null;
  if (!bySetpriv && realSudo() === null) {
    throw new CannotCarryOut(
      'PG110',
      `${callOf(invocation)}: node ${process.versions.node} does not become ${verdict.daemon.user}, and there is ` +
        'neither setpriv nor sudo, which could.',
      [],
      [{ label: 'fix', text: 'install util-linux, which has setpriv, or node 22 or newer; then: pm2-guard install' }],
    );
  }
  if (!bySetpriv) {
    call.throughSudo(verdict);
    return;
  }
  announce();
  say(leftOutLines(crossed, invocation));
  becomeThroughSetpriv(verdict, environment, stdin);
}

/** The directory is kept if the owner may enter it: PM2 starts its daemon and resolves relative paths there. */
function enterWorkingDirectory(daemon: Daemon, invocation: Invocation, caller: Caller): void {
  if (mayExecute('.') && caller.cwd !== null) {
    try {
      process.chdir(caller.cwd);
      return;
    } catch {
      // EACCES, ENOENT: use another directory if that changes nothing
    }
  }
  // Without --cwd an app runs here, and a script below may have been typed as a relative path.
  const here = (path: string | null) =>
    path !== null && (caller.cwd === null || path === caller.cwd || path.startsWith(`${caller.cwd}/`));
  const relative =
    invocation.starts.some((start) => here(start.cwd) || here(start.script)) ||
    invocation.targets.some((target) => target.kind === 'file' && !target.word.startsWith('/'));
  if (relative) throw cannotEnter(daemon, invocation, caller);
  const fallback = [daemon.homeDirectory, '/'].find((directory) => mayExecute(directory)) ?? '/';
  process.chdir(fallback);
  Reflect.deleteProperty(process.env, 'PWD');
}

/** @param declared daemon of the call; root's `startup` for another user runs no code of that PM2_HOME */
function refuseForeignCode(call: GuardCall, declared: Daemon | null): void {
  if (process.geteuid?.() !== 0) return;
  const daemon = declared?.uid === 0 ? declared : null;
  const found = foreignCode({ pm2: call, daemon, node: daemon?.node ?? null });
  if (found === null) return;
  throw new CannotCarryOut(
    'PG113',
    `${callOf(call.invocation)}: ${found.what}.`,
    [`${found.fault.path} ${found.fault.why}`],
    [{ label: 'fix', text: `as root:  ${found.fix}` }],
  );
}

function handOver(
  call: GuardCall,
  node: string | null,
  { lent, runsAs }: { lent: LentPm2Home | null; runsAs: Daemon | null },
): void {
  if (lent === null && isOtherNode(node)) {
    becomePm2In(node, call, runsAs);
    return;
  }
  // It was read once to find apps. PM2 must read it again.
  if (call.stdin !== null && call.stdin.length > 0) process.stdin.unshift(call.stdin);
  call.beforeHandOff();
  becomePm2(call, call.argv, [
    ...(lent === null ? [] : [lent.afterLoad]),
    ...(runsAs === null
      ? []
      : [
          () => {
            dropRunAs(call.file, runsAs);
          },
        ]),
  ]);
}
