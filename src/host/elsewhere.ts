import { join } from 'node:path';
import { inodeOf } from '../runtime/peek.ts';
import type { Process } from './processes.ts';

/**
 * Whether a path of a process is another place than that path is for us: it lives in a container, or in a chroot.
 *
 * Another mount namespace alone says little: systemd gives one to every unit with PrivateTmp=. The file itself tells.
 */
export function isElsewhere(process: Process, path: string): boolean {
  return inodeOf(seenBy(process, path)) !== inodeOf(path);
}

/** The way to what a process calls so (proc(5), root); the same path where the caller may not look into it. */
export function seenBy({ pid }: Process, path: string): string {
  const root = `/proc/${pid}/root`;
  return inodeOf(root) === null ? path : join(root, path);
}
