import { quoteCommand } from '../terminal/shown.ts';
import { UnreadableFile } from '../trust/read.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

export interface SealFault {
  why: string;
  next: string | null;
}

/** Explains a system error. @throws any other error */
export function sealFault(error: unknown, directory: string): SealFault {
  if (error instanceof UnreadableFile)
    return { why: `${error.path.replace(/^.*\//, 'bin/')} ${error.message.slice(error.path.length + 1)}`, next: null };
  const { code } = error as NodeJS.ErrnoException;
  const again = { next: rootCommandLine('seal') };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { why: 'it changed meanwhile: npm may be at work in it', ...again };
    case 'ENOSPC':
    case 'EDQUOT':
      return { why: 'there is no space left on its file system', next: quoteCommand(['df', '-h', directory]) };
    case 'EROFS':
      return { why: 'its file system is read-only', next: quoteCommand(['findmnt', '-T', directory]) };
    case 'EPERM':
      return {
        why: 'the system does not permit it: files may be immutable, or hard links not supported there',
        next: quoteCommand(['lsattr', '-d', `${directory}/bin`, `${directory}/bin/pm2`]),
      };
    case 'EBUSY':
    case 'EXDEV':
      return { why: 'bin/pm2 is a mount of its own', next: quoteCommand(['findmnt', `${directory}/bin/pm2`]) };
    case 'EACCES':
      return { why: 'its owner may not write there', next: quoteCommand(['ls', '-ld', `${directory}/bin`]) };
    case undefined:
      throw error;
    default:
      return { why: (error as Error).message, next: null };
  }
}
