import { mayExecute } from '../runtime/peek.ts';

/**
 * execve(2): this process becomes another program, with the same pid, terminal and descriptors. Returns only where that
 * cannot be: node before 22.15 has no execve, and a failing one aborts the process on Node 22, so what cannot be run is
 * not tried.
 */
export function replaceProcess(file: string, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { execve } = process as unknown as {
    execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => never;
  };
  if (!execve || !mayExecute(file)) return;
  // That it is experimental would be said on the next tick, of a process that is gone by then; to prepare it takes 0.5
  // ms.
  process.emitWarning = () => undefined;
  execve.call(process, file, [file, ...argv], env);
}
