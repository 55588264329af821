import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { closeInherited } from '../identity/descriptors.ts';
import { dropSudoVariables, ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { SwitchError, switchUser } from '../identity/switch-user.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { mayExecute, withoutLinks } from '../runtime/peek.ts';
import { distrust } from '../trust/trust.ts';
import type { Caller } from '../verdict/caller.ts';
import { homeParent } from '../verdict/startup.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { become } from './become.ts';
import { decidedWord } from './door.ts';
import { becomePm2 } from './handoff.ts';
import { say } from './report.ts';
import { leftOutLines, variablesFor } from './variables.ts';

/** A verdict could not be carried out; nothing was run. */
export class CannotCarryOut extends Error {
  constructor(readonly code: string, message: string, readonly details: string[] = []) {
    super(message);
    this.name = 'CannotCarryOut';
  }
}

/** What is handed over to the real pm2. */
export interface Call {
  bin: string;
  /** Where `bin` is a door: PM2's own file beside it. */
  original: string | null;
  argv: readonly string[];
  /** Standard input that was read already. */
  stdin: Buffer | null;
}

/**
 * Run as the caller is, in the environment as it is but for our own variables and, where sudo made the caller the owner of
 * the apps, sudo's.
 */
export function carryOutPass(call: Call, caller: Caller | null, daemon: Daemon | null): void {
  refuseForeignCode(call);
  if (daemon !== null && caller !== null && caller.login !== null && caller.uid !== 0) dropSudoVariables(process.env);
  handOver(call, daemon?.node ?? null);
}

/**
 * Run where the call belongs (PRODUCT section 4).
 *
 * @param announce called when nothing can go wrong any more but pm2 itself, as the owner
 * @throws CannotCarryOut before anything was run
 */
export function carryOutRewrite(verdict: Rewrite, invocation: Invocation, caller: Caller, call: Call, announce: () => void): void {
  const { daemon } = verdict;
  if (verdict.switch) {
    becomeOwner(daemon, invocation, caller);
  } else if (invocation.startup) {
    prepareStartup(daemon);
  } else {
    process.env['PM2_HOME'] = daemon.home;
    if (caller.login !== null && caller.uid !== 0) dropSudoVariables(process.env);
  }
  for (const name of PATH_OVERRIDES) Reflect.deleteProperty(process.env, name);
  refuseForeignCode(call);
  const node = daemon.node ?? (verdict.switch ? runnableNode() : null);
  announce();
  handOver({ ...call, argv: verdict.argv }, node);
}

/** User, environment, working directory: from here on this process is the owner's. */
function becomeOwner(daemon: Daemon, invocation: Invocation, caller: Caller): void {
  const crossed = variablesFor(daemon, invocation, caller);
  const environment = ownersEnvironment(crossed.variables, daemon, pathFor(daemon.node ?? process.execPath));
  say(leftOutLines(crossed, invocation));
  closeInherited();
  try {
    switchUser(daemon);
  } catch (error) {
    if (error instanceof SwitchError) throw new CannotCarryOut('PG110', error.message);
    throw error;
  }
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment, { PM2_HOME: daemon.home });
  enterWorkingDirectory(daemon, invocation, caller);
}

/** The caller's directory stays if the owner may be in it; PM2's daemon is spawned there, and relative names start there. */
function enterWorkingDirectory(daemon: Daemon, invocation: Invocation, caller: Caller): void {
  try {
    accessSync('.', constants.X_OK);
    if (caller.cwd !== null) {
      process.chdir(caller.cwd);
      return;
    }
  } catch {
    // EACCES, ENOENT: another place, where that changes nothing
  }
  // An app that is given no --cwd would run here; a script below here may have been typed relative to it.
  const here = (path: string | null) => path !== null && (caller.cwd === null || path === caller.cwd || path.startsWith(`${caller.cwd}/`));
  const relative = invocation.starts.some((start) => here(start.cwd) || here(start.script))
    || invocation.targets.some((target) => target.kind === 'file' && !target.word.startsWith('/'));
  if (relative) {
    const where = caller.cwd ?? 'the working directory, which was deleted';
    throw new CannotCarryOut('PG111', `${daemon.user} cannot enter ${where}`, ['the app would run there, or is named relative to it: go to a directory that the owner can enter, or type absolute paths and --cwd']);
  }
  const refuge = [daemon.userHome, '/'].find((directory) => mayExecute(directory)) ?? '/';
  process.chdir(refuge);
  Reflect.deleteProperty(process.env, 'PWD');
}

/**
 * `startup` stays root's work and says the owner with -u and --hp; only a home that is not called `.pm2` needs PM2_HOME,
 * and then PM2 lays out that home as root unless it is there already (lib/Client.js initFileStructure).
 */
function prepareStartup(daemon: Daemon): void {
  if (homeParent(daemon) !== null) {
    Reflect.deleteProperty(process.env, 'PM2_HOME');
    return;
  }
  if (!existsSync(join(daemon.home, 'touch')) && process.geteuid?.() !== daemon.uid) {
    throw new CannotCarryOut('PG112', `${daemon.home} is not laid out yet, and root would do it in its own name`, [`start daemon ${daemon.name} once first: sudo -u ${daemon.user} PM2_HOME=${daemon.home} pm2 ping`]);
  }
  process.env['PM2_HOME'] = daemon.home;
}

/** Nothing that anybody but root can write is run as root (PRODUCT section 7.1). */
function refuseForeignCode({ bin, original }: Call): void {
  if (process.geteuid?.() !== 0) return;
  const fault = distrust(bin, 'file') ?? (original === null ? null : distrust(original, 'file'));
  if (fault) throw new CannotCarryOut('PG113', `root would run ${bin}, which others can change`, [`${fault.path} ${fault.why}`]);
}

/** The node that runs this, if the new user can start it too (not below /root/.nvm); else one of the system's; null: this one. */
function runnableNode(): string | null {
  if (mayExecute(process.execPath)) return null;
  const other = SYSTEM_PATH.split(':').map((directory) => join(directory, 'node')).find(mayExecute);
  if (other === undefined) throw new CannotCarryOut('PG114', `${process.env['USER'] ?? 'the owner'} cannot run ${process.execPath}, and there is no node in ${SYSTEM_PATH}`, ['pin one with `node:` in the config']);
  return other;
}

/** The system's PATH if its first node is this one, else with this one's directory before it. */
function pathFor(node: string): string {
  const first = SYSTEM_PATH.split(':').map((directory) => join(directory, 'node')).find((file) => existsSync(file));
  return first !== undefined && withoutLinks(first) === withoutLinks(node) ? SYSTEM_PATH : `${dirname(node)}:${SYSTEM_PATH}`;
}

function handOver(call: Call, node: string | null): void {
  if (node !== null && withoutLinks(node) !== withoutLinks(process.execPath)) {
    if (!mayExecute(node)) throw new CannotCarryOut('PG114', `the node pinned in the config cannot be run: ${node}`);
    become(node, [call.bin, ...(call.original === null ? [] : [decidedWord()]), ...call.argv], call.stdin);
    return;
  }
  // Read once to find the apps in it; pushed back, PM2 reads it as if for the first time.
  if (call.stdin !== null && call.stdin.length > 0) process.stdin.unshift(call.stdin);
  becomePm2(call.bin, call.argv);
}
