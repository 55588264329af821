import { join } from 'node:path';
import { fileId } from '../../runtime/peek.ts';
import type { HostProcess } from '../processes/processes.ts';

/** Whether a process sees another file there. The mount namespace does not decide: PrivateTmp= makes one too. */
export function isElsewhere(process: HostProcess, path: string): boolean {
  return fileId(seenBy(process, path)) !== fileId(path);
}

/** Our path to a file of a process (proc(5), root); the same path where the caller has no access. */
export function seenBy({ pid }: HostProcess, path: string): string {
  const root = `/proc/${pid}/root`;
  return fileId(root) === null ? path : join(root, path);
}
