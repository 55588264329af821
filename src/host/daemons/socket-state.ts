import { connect } from 'node:net';

export type SocketState =
  | 'listening'
  /** Refused, and the kernel has no socket of this path. */
  | 'dead'
  /** Another daemon of this path, or one that is starting. */
  | 'bound'
  | 'denied'
  | 'silent';

const TIMEOUT_MS = 1000;

/** Connects and sends nothing. `bound`: the path is in a table of /proc/net/unix. */
export function probeSocket(path: string, bound: boolean): Promise<SocketState> {
  return new Promise((settle) => {
    const socket = connect({ path });
    const end = (state: SocketState) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.destroy();
      settle(state);
    };
    const timer = setTimeout(() => {
      end('silent');
    }, TIMEOUT_MS);
    socket.on('connect', () => {
      end('listening');
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      switch (code ?? '') {
        case 'ECONNREFUSED':
          end(bound ? 'bound' : 'dead');
          break;
        case 'EACCES':
        case 'EPERM':
          end('denied');
          break;
        default:
          end('silent'); // EAGAIN: a full backlog (unix(7)); a path that is too long
      }
    });
  });
}
