/** The text of each file in shims/. */
export function shims(): Map<string, string>;
