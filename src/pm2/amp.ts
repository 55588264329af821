import { parseBounded, TooManyValues } from './bounded-json.ts';

/** The data is no AMP message, or too large to keep. The message says why. */
export class NonsenseFrame extends Error {}

/** PM2 answers with one message. An empty one has one byte, so a byte limit does not bound their number. */
const MOST_MESSAGES = 1000;

/** The arguments of one frame; `undefined` for one that is neither JSON nor a string. */
export type Message = unknown[];

/**
 * AMP version 1, the framing of PM2's sockets (docs/pm2-internals.md section 4.5): a byte with version and argument
 * count, then each argument after its length (32 bits, big endian), as `s:` and a string or `j:` and JSON.
 */
export function encode(message: (string | object)[]): Buffer {
  const parts = [Buffer.from([0x10 | message.length])];
  for (const argument of message) {
    const body = Buffer.from(typeof argument === 'string' ? `s:${argument}` : `j:${JSON.stringify(argument)}`);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    parts.push(length, body);
  }
  return Buffer.concat(parts);
}

/**
 * The complete messages in `buffer`, the rest, and how many bytes the next message still needs at least.
 * @param maxBytes a message with a greater length is refused before it arrives
 * @throws NonsenseFrame
 */
export function decode(buffer: Buffer, maxBytes: number): { messages: Message[]; rest: Buffer; missing: number } {
  const messages: Message[] = [];
  let start = 0;
  for (;;) {
    const frame = measure(buffer, start, maxBytes);
    if (typeof frame === 'number') return { messages, rest: buffer.subarray(start), missing: frame };
    if (messages.length === MOST_MESSAGES)
      throw new NonsenseFrame(`it sent more than ${MOST_MESSAGES} messages at once`);
    messages.push(frame.arguments.map(([from, to]) => value(buffer.subarray(from, to))));
    start = frame.end;
  }
}

interface Frame {
  arguments: [from: number, to: number][];
  end: number;
}

/** The arguments of the frame at `start`; a number: the count of missing bytes. */
function measure(buffer: Buffer, start: number, maxBytes: number): Frame | number {
  const head = buffer[start];
  if (head === undefined) return 1;
  if (head >> 4 !== 1) throw new NonsenseFrame("it does not speak PM2's protocol");
  const found: Frame = { arguments: [], end: start + 1 };
  for (let count = head & 0x0f; count > 0; count -= 1) {
    const from = found.end + 4;
    if (from > buffer.length) return from - buffer.length;
    const to = from + buffer.readUInt32BE(found.end);
    if (to - start > maxBytes) throw new NonsenseFrame(`its answer is longer than ${maxBytes} bytes`);
    found.arguments.push([from, to]);
    found.end = to;
  }
  return found.end > buffer.length ? found.end - buffer.length : found;
}

function value(argument: Buffer): unknown {
  const kind = argument.toString('latin1', 0, 2);
  if (kind === 's:') return argument.toString('utf8', 2);
  if (kind !== 'j:') return undefined;
  try {
    return parseBounded(argument.subarray(2));
  } catch (error) {
    throw new NonsenseFrame(error instanceof TooManyValues ? error.message : 'its answer is no JSON');
  }
}
