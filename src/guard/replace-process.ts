import { mayExecute } from '../runtime/peek.ts';

/**
 * execve(2), which keeps pid, terminal and descriptors. Returns if it cannot: node before 22.15 lacks it. A failed
 * execve aborts node 22, so the file is checked first.
 */
export function replaceProcess(file: string, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { execve } = process as unknown as {
    execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => never;
  };
  if (!execve || !mayExecute(file)) return;
  // node would prepare a warning about an experimental function, which takes 0.5 ms.
  process.emitWarning = () => undefined;
  execve.call(process, file, [file, ...argv], env);
}
