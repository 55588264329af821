/** A step failed for a reason that a person can act on. */
export class Failed extends Error {
  override name = 'Failed';
  /** @param log the last lines of the app's error log */
  constructor(
    message: string,
    readonly log: string[] = [],
  ) {
    super(message);
  }
}
