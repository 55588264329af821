import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Daemon } from '../policy/policy.ts';
import { mayExecute, realpathOrSelf } from '../runtime/peek.ts';
import { CannotCarryOut } from './cannot-carry-out.ts';

/** The current node if the owner can run it (not below /root/.nvm), else one in SYSTEM_PATH. Null: the current. */
export function runnableNode({ user }: Daemon): string | null {
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

/** SYSTEM_PATH, with the node's directory in front unless its first node is this one. */
export function pathFor(node: string): string {
  const first = SYSTEM_PATH.split(':')
    .map((directory) => join(directory, 'node'))
    .find((file) => existsSync(file));
  return first !== undefined && realpathOrSelf(first) === realpathOrSelf(node)
    ? SYSTEM_PATH
    : `${dirname(node)}:${SYSTEM_PATH}`;
}
