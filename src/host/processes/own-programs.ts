import { join } from 'node:path';
import { SYSTEM_PATH } from '../../identity/environment.ts';
import { findRealPm2 } from '../../pm2/installed.ts';
import type { Pid } from '../../runtime/brands.ts';
import { realpathOrNull } from '../../runtime/peek.ts';
import { exeOf } from './process-facts.ts';

export interface OwnPrograms {
  /** Without symlinks. Null: the host's, or unknown. */
  pm2: string | null;
  node: string | null;
}

/**
 * Those that differ from what the host's calls run: a login shell's, if root may run it. `script`: lib/Daemon.js as the
 * daemon reports it.
 */
export function ownPrograms(pid: Pid | null, script: string | null): OwnPrograms {
  const root = script === null ? null : (/^(\/.*)\/lib\/Daemon\.js$/.exec(script)?.[1] ?? null);
  const exe = pid === null ? null : exeOf(pid);
  return {
    pm2: other(root === null ? null : realpathOrNull(join(root, 'bin/pm2')), hostsPm2()),
    node: other(exe === null || !/\/node(js)?$/.test(exe) ? null : realpathOrNull(exe), hostsNodes()),
  };
}

function other(file: string | null, hosts: readonly string[]): string | null {
  return file === null || hosts.includes(file) ? null : file;
}

/** Empty: there is none, or root does not run it. */
function hostsPm2(): string[] {
  const found = findRealPm2({ recorded: null, path: SYSTEM_PATH, skip: [], asRoot: true });
  return found.type === 'found' ? [realpathOrNull(found.file) ?? found.file] : [];
}

/** Those in PATH, and our own. */
function hostsNodes(): string[] {
  const inPath = SYSTEM_PATH.split(':').map((directory) => realpathOrNull(join(directory, 'node')));
  return [...new Set([realpathOrNull(process.execPath), ...inPath].filter((file) => file !== null))];
}
