/** A daemon of 1,000 apps with 300 variables each has 1.2 million: each variable stands in its record twice. */
const MOST_VALUES = 4_000_000;

const COMMA = 0x2c,
  OBJECT = 0x7b,
  ARRAY = 0x5b;

/** A text that is JSON and holds more values than MOST_VALUES. */
export class TooManyValues extends Error {}

/**
 * Parses JSON that another user wrote. Two bytes of it (`[]`) can become fifty bytes of memory, so a limit of its
 * length alone is none of the memory. Counts commas and opening brackets first, those inside of strings too: there are
 * never more values.
 *
 * @throws TooManyValues, or the SyntaxError of JSON.parse
 */
export function parseBounded(json: Buffer): unknown {
  let values = 1;
  for (const byte of json) if (byte === COMMA || byte === OBJECT || byte === ARRAY) values += 1;
  if (values > MOST_VALUES) throw new TooManyValues(`it holds more than ${MOST_VALUES} values`);
  return JSON.parse(json.toString('utf8')) as unknown;
}
