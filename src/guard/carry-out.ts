import { dirname, join } from 'node:path';
import { decidedWord } from '../call/door.ts';
import { closeInherited } from '../identity/descriptors.ts';
import { saysOtherWay } from '../identity/caller.ts';
import { dropSudoVariables, ownersEnvironment, SYSTEM_PATH, type Crossed } from '../identity/environment.ts';
import { setpriv } from '../identity/setpriv.ts';
import { SwitchError, switchUser } from '../identity/switch-user.ts';
import { existsSync } from 'node:fs';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { mayExecute, realpathOrSelf } from '../runtime/peek.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Code } from '../verdict/codes.ts';
import { homeParent } from '../verdict/host-wide.ts';
import type { Advice, Pass, Rewrite } from '../verdict/verdict.ts';
import { callOf } from '../verdict/words.ts';
import { become } from './become.ts';
import { becomePm2 } from './handoff.ts';
import { dropRunAs } from './drop-run-as.ts';
import { foreignCode } from './foreign-code.ts';
import { lendHome, type LentHome } from './lend-home.ts';
import { realSudo } from './ask-sudo.ts';
import { obstacleFor } from './obstacle.ts';
import { say } from './report.ts';
import { becomeThroughSetpriv, hasPamHelper } from './through-setpriv.ts';
import { leftOutLines, variablesFor } from './variables.ts';

/** A verdict could not be carried out; nothing was run. */
export class CannotCarryOut extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly details: string[] = [],
    readonly advice: Advice[] = [],
  ) {
    super(message);
    this.name = 'CannotCarryOut';
  }
}

/** What is handed over to the real pm2. */
export interface GuardCall extends InstalledPm2 {
  argv: readonly string[];
  /** Standard input that was read already. */
  stdin: Buffer | null;
  invocation: Invocation;
  /** It came through sudo, decided on before. */
  hopped: boolean;
  /** It only asks a daemon for its list that does not run and that its unit would start: none is spawned for that. */
  daemonDown: boolean;
  /** Called where the real pm2 is going to run in this process. */
  beforeHandOff: () => void;
}

export interface RewrittenCall extends GuardCall {
  /** Runs it through the real sudo, and says what becomes of it. */
  throughSudo: (verdict: Rewrite) => void;
}

/**
 * Run as the caller is, in the environment as it is but for our own variables and, where sudo made the caller the owner
 * of the apps, sudo's. A call that needs no daemon finds one that answers and is gone with this process.
 */
export function carryOutPass(call: GuardCall, caller: Caller, { daemon, daemonless, report }: Pass): void {
  refuseForeignCode(call, daemonless || report === 'observed' ? null : daemon);
  if (daemon !== null && caller.uid !== 0 && cameByAnother(caller)) dropSudoVariables(process.env);
  if (call.hopped && daemon !== null) {
    enterWorkingDirectory(daemon, call.invocation, caller);
    refuseUnreadable(call.invocation, daemon);
  }
  const lent = daemonless || call.daemonDown ? lendHome(call.version, null, call.daemonDown) : null;
  const dropsRunAs = call.hopped && daemon !== null && call.invocation.targets.some(({ kind }) => kind === 'file');
  handOver(call, daemon?.node ?? null, { lent, runsAs: dropsRunAs ? daemon : null });
}

/**
 * Run where the call belongs (docs/contract.md section 4).
 *
 * @param announce called when nothing can go wrong any more but pm2 itself, as the owner
 * @throws CannotCarryOut before anything was run
 */
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
    const outfit = becomeOwner(daemon, invocation, caller);
    if (outfit !== null) {
      callAsOwner(verdict, call, outfit, announce);
      return;
    }
  } else {
    for (const name of PATH_OVERRIDES) Reflect.deleteProperty(process.env, name);
    if (!hostWide) {
      process.env['PM2_HOME'] = daemon.home;
      if (caller.uid !== 0 && cameByAnother(caller)) dropSudoVariables(process.env);
    }
  }
  refuseForeignCode(call, hostWide ? null : daemon);
  if (verdict.switch) refuseUnreadable(invocation, daemon);
  const node = daemon.node ?? (verdict.switch ? runnableNode(daemon) : null);
  announce();
  const lent = hostWide
    ? lendHome(call.version, homeInUnit(daemon, invocation))
    : call.daemonDown
      ? lendHome(call.version, null, true)
      : null;
  handOver({ ...call, argv: verdict.argv }, hostWide ? null : node, {
    lent,
    runsAs: verdict.dropsRunAs ? daemon : null,
  });
}

function cameByAnother({ login }: Caller): boolean {
  return login !== null || saysOtherWay(process.env);
}

/** What `startup` and `logrotate` write down as PM2_HOME; null: --hp says it. */
function homeInUnit(daemon: Daemon, { command }: Invocation): string | null {
  return command === 'startup' && homeParent(daemon) !== null ? null : daemon.home;
}

interface Outfit {
  environment: NodeJS.ProcessEnv;
  crossed: Crossed;
}

/**
 * User, environment, working directory: from here on this process is the owner's.
 *
 * @returns what the owner gets, where this process does not switch: another one has to
 */
function becomeOwner(daemon: Daemon, invocation: Invocation, caller: Caller): Outfit | null {
  const crossed = variablesFor(daemon, invocation, caller);
  const environment = ownersEnvironment(crossed.variables, daemon, pathFor(daemon.node ?? process.execPath));
  for (const name of PATH_OVERRIDES) Reflect.deleteProperty(environment, name);
  environment['PM2_HOME'] = daemon.home;
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

/**
 * The same call as its owner in another process: setpriv's, else sudo's. Meets the guard there, which looks at
 * directories and files with the owner's rights.
 */
function callAsOwner(
  verdict: Rewrite,
  call: RewrittenCall,
  { environment, crossed }: Outfit,
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

/**
 * The caller's directory stays if the owner may be in it; PM2's daemon is spawned there, and relative names start
 * there.
 */
function enterWorkingDirectory(daemon: Daemon, invocation: Invocation, caller: Caller): void {
  if (mayExecute('.') && caller.cwd !== null) {
    try {
      process.chdir(caller.cwd);
      return;
    } catch {
      // EACCES, ENOENT: another directory, where that changes nothing
    }
  }
  // An app that is given no --cwd would run here; a script below here may have been typed relative to it.
  const here = (path: string | null) =>
    path !== null && (caller.cwd === null || path === caller.cwd || path.startsWith(`${caller.cwd}/`));
  const relative =
    invocation.starts.some((start) => here(start.cwd) || here(start.script)) ||
    invocation.targets.some((target) => target.kind === 'file' && !target.word.startsWith('/'));
  if (relative) throw cannotEnter(daemon, invocation, caller);
  const refuge = [daemon.userHome, '/'].find((directory) => mayExecute(directory)) ?? '/';
  process.chdir(refuge);
  Reflect.deleteProperty(process.env, 'PWD');
}

function cannotEnter(daemon: Daemon, invocation: Invocation, { cwd }: Caller): CannotCarryOut {
  if (cwd === null) {
    return new CannotCarryOut(
      'PG111',
      `${callOf(invocation)}: the working directory was deleted, and the app would run there.`,
      [],
      [{ label: 'fix', text: 'go to a directory that is there, and type it again' }],
    );
  }
  const closed = obstacleFor(cwd, 'directory') ?? { path: cwd, why: 'is closed' };
  return new CannotCarryOut(
    'PG111',
    `${callOf(invocation)} would run as ${daemon.user} in daemon "${daemon.name}". ${daemon.user} cannot enter ${cwd}: ` +
      `${closed.path} ${closed.why}.`,
    ['PM2 starts in the directory of the call, and looks for relative paths there.'],
    [{ label: 'fix', text: moveOut(daemon, cwd) }],
  );
}

function moveOut({ user }: Daemon, path: string): string {
  const open = path.startsWith('/root') ? ' (do not open /root)' : ', or open the directory: chmod o+x DIRECTORY';
  return (
    `copy ${path}, with what it needs and without secrets, to a directory that ${user} can read, for example ` +
    `/srv/NAME${open}; then start it there, by its new path`
  );
}

/** PM2 answers "Script not found" about a file that is there and closed to its user. */
function refuseUnreadable(invocation: Invocation, daemon: Daemon): void {
  const files = [
    ...invocation.starts.map(({ script }) => script),
    ...invocation.targets.map((target) => (target.kind === 'file' ? target.path : null)),
  ].filter((path) => path !== null);
  for (const path of files) {
    const closed = obstacleFor(path, 'file');
    if (closed === null) continue;
    throw new CannotCarryOut(
      'PG116',
      `${callOf(invocation)} would run as ${daemon.user} in daemon "${daemon.name}". ${daemon.user} cannot read ${path}: ` +
        `${closed.path} ${closed.why}.`,
      ['PM2 itself would only say "Script not found".'],
      [{ label: 'fix', text: moveOut(daemon, path) }],
    );
  }
}

/**
 * @param declared what the call is about. Root's `startup` is about a user's daemon, and runs nothing of its
 * PM2_HOME.
 */
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

/**
 * The node that runs this, if the new user can start it too (not below /root/.nvm); else one of the system's; null:
 * this one.
 */
function runnableNode({ user }: Daemon): string | null {
  if (mayExecute(process.execPath)) return null;
  const other = SYSTEM_PATH.split(':')
    .map((directory) => join(directory, 'node'))
    .find(mayExecute);
  if (other === undefined) {
    throw new CannotCarryOut(
      'PG114',
      `${user} cannot run ${process.execPath}, and there is no node in ${SYSTEM_PATH}.`,
      [],
      [{ label: 'fix', text: 'install node for the whole system, or pin one with "node:" in the config' }],
    );
  }
  return other;
}

/** The system's PATH if its first node is this one, else with this one's directory before it. */
function pathFor(node: string): string {
  const first = SYSTEM_PATH.split(':')
    .map((directory) => join(directory, 'node'))
    .find((file) => existsSync(file));
  return first !== undefined && realpathOrSelf(first) === realpathOrSelf(node)
    ? SYSTEM_PATH
    : `${dirname(node)}:${SYSTEM_PATH}`;
}

/** @param runsAs the owner, where a process file says so as well */
function handOver(
  call: GuardCall,
  node: string | null,
  { lent, runsAs }: { lent: LentHome | null; runsAs: Daemon | null },
): void {
  if (node !== null && lent === null && realpathOrSelf(node) !== realpathOrSelf(process.execPath)) {
    if (!mayExecute(node))
      throw new CannotCarryOut(
        'PG114',
        `The node pinned in the config cannot be run: ${node}`,
        [],
        [{ label: 'fix', text: 'correct "node:" in the config, then: pm2-guard check' }],
      );
    become(node, [call.bin, ...(call.original === null ? [] : [decidedWord()]), ...call.argv], call.stdin);
    return;
  }
  // Read once to find the apps in it; pushed back, PM2 reads it as if for the first time.
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
