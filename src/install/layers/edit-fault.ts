import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { findUntrusted } from '../../trust/trust.ts';

/**
 * Why root must not edit a file: users other than root can change what its path leads to, and so could redirect the
 * write. Null: it may be edited, or does not exist and may be created.
 */
export function editFault(file: string): string | null {
  const fault = existsSync(file) ? findUntrusted(file, 'file') : findUntrusted(dirname(file), 'directory');
  return fault === null || fault.kind === 'missing' ? null : `left as it is: ${fault.path} ${fault.why}`;
}
