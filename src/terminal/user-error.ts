/** sysexits.h: the configuration cannot be used. */
export const EX_CONFIG = 78;

/**
 * An error that a person can act on: printed without a stack. Everything else that is thrown is a bug and keeps its
 * stack. `message` says what happened and why; `next` is the command to type, as shown, and `label` what stands before
 * it (docs/contract.md section 5).
 */
export class UserError extends Error {
  constructor(
    message: string,
    readonly next: string | null = null,
    readonly exitStatus = 1,
    readonly label: 'run' | 'fix' = 'run',
  ) {
    super(message);
    this.name = 'UserError';
  }
}
