import { readFileSync } from 'node:fs';
import { HOP, SHIM_COMMAND } from '../call/hop.ts';
import { setprivWords } from '../identity/setpriv.ts';
import { narrowUmask } from '../identity/switch-user.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { become } from './become.ts';

/**
 * Whether systemd opened a PAM session for this very process (run0, a unit with PAMName=). Its helper `(sd-pam)` is our
 * child and waits for our end, which the kernel tells it with the credentials of the process that ends
 * (PR_SET_PDEATHSIG, exec_fork_pam of systemd): it never hears of it from a process that is no longer root.
 */
export function hasPamHelper(): boolean {
  try {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim();
    return (
      children !== '' &&
      children.split(' ').some((pid) => /^\(sd-pam/.test(readFileSync(`/proc/${pid}/comm`, 'latin1')))
    );
  } catch {
    return false;
  }
}

/**
 * Becomes the same call as the daemon's user: setpriv(1) starts our own shim as that user, which meets the guard again.
 * For root, where this process cannot or must not become the user itself.
 *
 * @param environment what the owner gets
 * @param stdin standard input that was read already; null: it is inherited
 * @throws SwitchError where there is no setpriv; nothing was done
 */
export function becomeThroughSetpriv(
  { daemon, argv }: Rewrite,
  environment: NodeJS.ProcessEnv,
  stdin: Buffer | null,
): void {
  const [program = '', ...words] = setprivWords(daemon, [SHIM_COMMAND, HOP + daemon.name, ...argv]);
  const config = process.env['PM2_GUARD_CONFIG'];
  narrowUmask();
  become(program, words, stdin, {
    env: { ...environment, ...(config === undefined ? {} : { PM2_GUARD_CONFIG: config }) },
    inPlace: !hasPamHelper(),
  });
}
