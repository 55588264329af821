import { dirname } from 'node:path';
import { quoteCommand } from './shown.ts';
import { UserError } from './user-error.ts';

/**
 * Explains what the system refuses: a full disk, a limit of this shell (setrlimit(2)); null for other errors. Commands
 * can be repeated.
 */
export function errnoToUserError(thrown: unknown): UserError | null {
  if (!(thrown instanceof Error)) return null;
  const { code = '', syscall = '', path } = thrown as NodeJS.ErrnoException;
  const starts = syscall.startsWith('spawn');
  const refused = (why: string, ...command: string[]) =>
    new UserError(`${path ?? 'a file'} could not be ${starts ? 'started' : 'written'}: ${why}`, quoteCommand(command));
  const directory = path === undefined ? [] : [dirname(path)];
  switch (code) {
    case 'EROFS':
      return refused('its file system is read-only', 'findmnt', ...directory.flatMap((at) => ['-T', at]));
    case 'ENOSPC':
    case 'EDQUOT':
      return refused('there is no space left on its file system', 'df', '-h', ...directory);
    case 'EPERM':
      if (path === undefined) return null;
      return refused('the system does not permit it; it may be immutable', 'lsattr', '-d', ...directory, path);
    case 'EFBIG':
      return refused('it would be longer than this shell allows its commands', 'ulimit', '-f', 'unlimited');
    case 'EMFILE':
      return tooFew(path, 'this shell allows its commands too few open files', 'ulimit', '-n', '1024');
    case 'ENFILE':
      return tooFew(path, 'this machine has too many open files', 'sysctl', 'fs.file-nr');
    case 'EAGAIN':
      return starts ? refused('this user has too many processes, or memory is short', 'ulimit', '-u') : null;
    case 'ENOMEM':
      return tooFew(path, 'this shell or this machine has too little memory', 'ulimit', '-v', 'unlimited');
    default:
      return null;
  }
}

function tooFew(path: string | undefined, why: string, ...command: string[]): UserError {
  return new UserError(`${path === undefined ? '' : `${path} could not be used: `}${why}`, quoteCommand(command));
}
