/** One regular expression of several parts, which follow each other. The flags are those of the last. */
export function joined(...parts: RegExp[]): RegExp {
  return new RegExp(parts.map(({ source }) => source).join(''), parts.at(-1)?.flags);
}
