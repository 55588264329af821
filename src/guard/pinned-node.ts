import { decidedWord } from '../call/door.ts';
import { HOP, SHIM_COMMAND } from '../call/hop.ts';
import { dropOwnVariables } from '../identity/environment.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import type { Daemon } from '../policy/policy.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { runInstead } from './become.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';
import { mayStart } from './replace-process.ts';

/** The pin that this process was started with. The pin may be a script, so the node that runs says nothing. */
const STARTED = 'PM2_GUARD_NODE';

/**
 * Whether the call must go on in another node than this one.
 * @param node pinned in the config, or chosen because the owner cannot run this one
 * @throws CannotCarryOut if that node cannot be run
 */
export function isOtherNode(node: string | null): node is string {
  if (node === null || process.env[STARTED] === node) return false;
  if (realpathOrSelf(node) === realpathOrSelf(process.execPath)) return false;
  if (mayStart(node)) return true;
  throw new CannotCarryOut(
    'PG114',
    `The node pinned in the config cannot be run: ${node}`,
    [],
    [{ label: 'fix', text: 'correct "node:" in the config, then: pm2-guard check' }],
  );
}

interface NodeCall extends Pick<InstalledPm2, 'bin' | 'original'> {
  argv: readonly string[];
  stdin: Buffer | null;
}

/**
 * Runs pm2 in that node.
 * @param runsAs owner whose `user` in a process file must be removed (drop-run-as.ts). That happens inside of PM2, so
 *   the guard runs again in that node.
 */
export function becomePm2In(node: string, { bin, original, argv, stdin }: NodeCall, runsAs: Daemon | null): void {
  if (runsAs === null) {
    runInstead(node, [bin, ...(original === null ? [] : [decidedWord()]), ...argv], stdin);
    return;
  }
  const env = { ...process.env };
  dropOwnVariables(env);
  const config = process.env['PM2_GUARD_CONFIG'];
  if (config !== undefined) env['PM2_GUARD_CONFIG'] = config;
  runInstead(node, [SHIM_COMMAND, HOP + runsAs.name, ...argv], stdin, { env: { ...env, [STARTED]: node } });
}
