/** sysexits.h: unusable configuration. */
export const EX_CONFIG = 78;
/** sysexits.h: standard output could not be written. */
export const EX_IOERR = 74;

/** An expected error, printed without a stack. `next`: command to type after `label` (docs/contract.md section 5). */
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
