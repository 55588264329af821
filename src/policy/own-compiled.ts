import { isPrivateDirectory } from '../trust/private-directory.ts';
import { readRegularFile } from '../trust/read.ts';
import { parseCompiled, type CompiledPolicy } from './compiled.ts';

/*
 * Where root's compiled policy is older than the config, a caller who is not root compiles the config for itself, and
 * keeps that: it decides this user's own calls and nothing else. Root never reads one. It is found by the effective
 * uid alone; no variable of the environment has a say.
 */

const NAME = 'policy.json';
/** What is longer was not made from a config (read-config.ts). */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Where a user's own may lie, the first that can be used first: systemd-logind makes the one for each session, and the
 * other is there for every user, also one without a session or a home directory. Both are empty after a boot.
 */
export function ownDirectories(uid: number): string[] {
  return [`/run/user/${uid}/pm2-guard`, `/tmp/pm2-guard-${uid}`];
}

export function ownFile(directory: string): string {
  return `${directory}/${NAME}`;
}

/**
 * The compiled policies that a user has kept for itself. What others could have written or put there, and what is
 * damaged, is left out.
 *
 * @param uid effective uid of this process; not root's
 */
export function* ownCompiled(uid: number): Generator<CompiledPolicy> {
  for (const directory of ownDirectories(uid)) {
    if (!isPrivateDirectory(directory, uid)) continue;
    try {
      const compiled = parseCompiled(readRegularFile(ownFile(directory), MAX_BYTES, uid).toString('latin1'));
      if (compiled !== null) yield compiled;
    } catch {
      // none, or none to believe
    }
  }
}
