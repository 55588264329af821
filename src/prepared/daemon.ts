import type { Pm2Home } from '../runtime/brands.ts';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { decode, encode } from '../pm2/amp.ts';

const MOST_BYTES = 1 << 20;

/** Not PM2's own names, because src/host finds daemons by those. */
const SOCKETS = { PM2_DAEMON_RPC_PORT: 'calls.sock', PM2_DAEMON_PUB_PORT: 'events.sock' };

/**
 * Acts as a PM2 daemon without apps, so that pm2 finds one and starts none. The answer to every call is an empty
 * list.
 * @param ready called once both sockets listen
 */
export function answerAsDaemon(pm2Home: Pm2Home, ready: () => void): void {
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
  for (const [name, file] of Object.entries(SOCKETS)) process.env[name] = join(pm2Home, file);
  const events = createServer((socket) => socket.on('error', () => undefined).resume());
  calls.listen(join(pm2Home, SOCKETS.PM2_DAEMON_RPC_PORT), () =>
    events.listen(join(pm2Home, SOCKETS.PM2_DAEMON_PUB_PORT), ready),
  );
}
