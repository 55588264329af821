/**
 * What hardly any text is more than. Each call of pm2 asks this a dozen times, and V8 compiles a regular expression
 * anew in each process, in 20 µs: hence these two, and no others, before one of its own is needed.
 */

/**
 * Nothing that any shell would take for more than a part of a word; not the empty text. What `=` or `%` mean
 * elsewhere is asked there.
 */
export function isPlain(text: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(text);
}

/** ASCII without control characters. */
export function isPrintable(text: string): boolean {
  return !/[^ -~]/.test(text);
}
