import { createServer } from 'node:net';
import { join } from 'node:path';
import { decode, encode } from '../pm2/amp.ts';

const MOST_BYTES = 1 << 20;

/**
 * Plays a PM2 daemon without apps in a PM2_HOME, so that pm2 finds one and spawns none: every call is answered with an
 * empty list.
 *
 * @param ready called once both sockets listen
 */
export function answerAsDaemon(home: string, ready: () => void): void {
  const calls = createServer((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const { messages, rest: left } = decode(Buffer.concat([rest, chunk]), MOST_BYTES);
      rest = left;
      for (const message of messages) {
        const id = message[message.length - 1];
        if (typeof id === 'string') socket.write(encode([{ args: [[]] }, id]));
      }
    });
  });
  const events = createServer((socket) => socket.on('error', () => undefined).resume());
  calls.listen(join(home, 'rpc.sock'), () => events.listen(join(home, 'pub.sock'), ready));
}
