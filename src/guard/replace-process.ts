import { mayExecute } from '../runtime/peek.ts';

/** execve(2). Returns if node lacks it (before 22.15). A failed execve aborts node 22, so it is tested first. */
export function replaceProcess(file: string, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { execve } = process as unknown as {
    execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => never;
  };
  if (!execve || !mayExecute(file)) return;
  // node would prepare a warning about an experimental function, which takes 0.5 ms.
  process.emitWarning = () => undefined;
  execve.call(process, file, [file, ...argv], env);
}
