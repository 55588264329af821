import { dirname } from 'node:path';
import { quoteCommand } from './shown.ts';
import { UserError } from './user-error.ts';

/** Errors of the file system, such as a full disk; null for others. Commands can be repeated. */
export function errnoToUserError(error: unknown): UserError | null {
  if (!(error instanceof Error) || !('path' in error) || typeof error.path !== 'string') return null;
  const refused = (why: string, ...command: string[]) =>
    new UserError(`${error.path as string} could not be written: ${why}`, quoteCommand(command));
  const directory = dirname(error.path);
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'EROFS':
      return refused('its file system is read-only', 'findmnt', '-T', directory);
    case 'ENOSPC':
    case 'EDQUOT':
      return refused('there is no space left on its file system', 'df', '-h', directory);
    case 'EPERM':
      return refused('the system does not permit it; it may be immutable', 'lsattr', '-d', directory, error.path);
    default:
      return null;
  }
}
