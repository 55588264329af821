import { closeSync, constants, openSync, readSync } from 'node:fs';
import { isFile, mayExecute } from '../runtime/peek.ts';

/** execve(2). Returns if node lacks it (before 22.15). A failed execve aborts node 22, so it is tested first. */
export function replaceProcess(file: string, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { execve } = process as unknown as {
    execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => never;
  };
  if (!execve || !mayStart(file)) return;
  // node would prepare a warning about an experimental function, which takes 0.5 ms.
  process.emitWarning = () => undefined;
  execve.call(process, file, [file, ...argv], env);
}

/** False where execve(2) would fail: a directory, a file that is no program, a script without its interpreter. */
export function mayStart(file: string): boolean {
  if (!isFile(file) || !mayExecute(file)) return false;
  if (process.platform !== 'linux') return true;
  const head = headOf(file);
  if (head === null || head.startsWith('\x7fELF')) return true;
  const [, interpreter] = /^#![ \t]*([^ \t\n]+)/.exec(head) ?? [];
  return interpreter !== undefined && isFile(interpreter) && mayExecute(interpreter);
}

/** As much as the kernel reads (BINPRM_BUF_SIZE in execve(2)). Null: unreadable, which does not stop execve. */
function headOf(file: string): string | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const head = Buffer.alloc(256);
    return head.toString('latin1', 0, readSync(fd, head, 0, head.length, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
