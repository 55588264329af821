import { readFileSync } from 'node:fs';
import { HOP, SHIM_COMMAND } from '../call/hop.ts';
import { setprivWords } from '../identity/setpriv.ts';
import { narrowUmask } from '../identity/switch-user.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { runInstead } from './become.ts';

/**
 * With a PAM session for this process (run0, PAMName=) it must stay root: the helper `(sd-pam)` gets no signal at the
 * end of a process that is not root (PR_SET_PDEATHSIG, exec_fork_pam in systemd).
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

/** setpriv(1) starts our shim as the daemon's user. Throws SwitchError. `stdin` null: inherited. */
export function becomeThroughSetpriv(
  { daemon, argv }: Rewrite,
  environment: NodeJS.ProcessEnv,
  stdin: Buffer | null,
): void {
  const [program = '', ...words] = setprivWords(daemon, [SHIM_COMMAND, HOP + daemon.name, ...argv]);
  narrowUmask();
  runInstead(program, words, stdin, { env: environment, inPlace: !hasPamHelper() });
}
