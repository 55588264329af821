import type { Uid } from '../runtime/brands.ts';
import { isPrivateDirectory } from '../trust/private-directory.ts';
import { readRegularFile } from '../trust/read.ts';
import { parseCompiled, type CompiledPolicy } from './compiled.ts';

/* A user keeps a policy here if root's is stale. Root never reads it. No environment variable can choose it. */

const NAME = 'policy.json';
/** A longer file was not made from a config (read-config.ts). */
const MAX_BYTES = 16 * 1024 * 1024;

/** Both are empty after a boot. systemd-logind makes /run/user for a session, the other needs no session. */
export function ownDirectories(uid: Uid): string[] {
  return [`/run/user/${uid}/pm2-guard`, `/tmp/pm2-guard-${uid}`];
}

export function ownFile(directory: string): string {
  return `${directory}/${NAME}`;
}

/** Without damaged policies and those that other users could have written. `uid`: effective uid, not 0. */
export function* ownCompiled(uid: Uid): Generator<CompiledPolicy> {
  for (const directory of ownDirectories(uid)) {
    if (!isPrivateDirectory(directory, uid)) continue;
    try {
      const compiled = parseCompiled(readRegularFile(ownFile(directory), MAX_BYTES, uid).toString('latin1'));
      if (compiled !== null) yield compiled;
    } catch {
      // missing or not trusted
    }
  }
}
