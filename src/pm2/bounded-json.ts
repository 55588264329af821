/** A daemon of 1,000 apps with 300 variables each needs 1.2 million: its records hold each variable twice. */
const MOST_VALUES = 4_000_000;

const COMMA = 0x2c,
  OBJECT = 0x7b,
  ARRAY = 0x5b;

export class TooManyValues extends Error {}

/**
 * Parses JSON that another user wrote. Two bytes (`[]`) can take fifty bytes of memory, so a length limit is not
 * enough. The commas and opening brackets, also those in strings, bound the number of values.
 * @throws TooManyValues, or the SyntaxError of JSON.parse
 */
export function parseBounded(json: Buffer): unknown {
  if (json.length >= MOST_VALUES && valuesIn(json) > MOST_VALUES)
    throw new TooManyValues(`it holds more than ${MOST_VALUES} values`);
  return JSON.parse(json.toString('utf8')) as unknown;
}

function valuesIn(json: Buffer): number {
  let values = 1;
  for (const byte of json) if (byte === COMMA || byte === OBJECT || byte === ARRAY) values += 1;
  return values;
}
