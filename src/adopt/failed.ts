/** A step failed for a reason that a person can act on. */
export class Failed extends Error {
  override name = 'Failed';
  /** @param log what the app wrote last into its error log */
  constructor(
    message: string,
    readonly log: string[] = [],
  ) {
    super(message);
  }
}
