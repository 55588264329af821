import { join } from 'node:path';
import { fileId } from '../runtime/peek.ts';
import type { HostProcess } from './processes.ts';

/**
 * Whether a path of a process is another place than that path is for us: it lives in a container, or in a chroot.
 *
 * Another mount namespace alone says little: systemd gives one to every unit with PrivateTmp=. The file itself tells.
 */
export function isElsewhere(process: HostProcess, path: string): boolean {
  return fileId(seenBy(process, path)) !== fileId(path);
}

/** The way to what a process calls so (proc(5), root); the same path where the caller may not look into it. */
export function seenBy({ pid }: HostProcess, path: string): string {
  const root = `/proc/${pid}/root`;
  return fileId(root) === null ? path : join(root, path);
}
