import { isPrivateDirectory } from '../trust/private-directory.ts';
import { readRegularFile } from '../trust/read.ts';
import { parseCompiled, type CompiledPolicy } from './compiled.ts';

/*
 * If root's compiled policy is stale, any other caller compiles the config for their own calls and keeps that here.
 * Root never reads it. It is found by effective uid only, so no environment variable can choose it.
 */

const NAME = 'policy.json';
/** A longer file was not made from a config (read-config.ts). */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * In order of preference. systemd-logind makes /run/user for a session only; the other exists without a session too.
 * Both are empty after a boot.
 */
export function ownDirectories(uid: number): string[] {
  return [`/run/user/${uid}/pm2-guard`, `/tmp/pm2-guard-${uid}`];
}

export function ownFile(directory: string): string {
  return `${directory}/${NAME}`;
}

/**
 * The compiled policies that this user kept, without damaged ones and those that other users could have written.
 * @param uid effective uid of this process, not 0
 */
export function* ownCompiled(uid: number): Generator<CompiledPolicy> {
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
