import { connect } from 'node:net';

/** What is behind a socket's file. */
export type SocketState =
  | 'listening'
  /** Nobody: connecting is refused, and the kernel knows of no socket of that path. */
  | 'dead'
  /**
   * Somebody has bound this path and does not accept here: another daemon of the same path, or one that is just
   * starting.
   */
  | 'bound'
  /** Not the caller's to connect to. */
  | 'denied'
  /** No answer either way. */
  | 'silent';

const TIMEOUT_MS = 1000;

/**
 * Connects, says nothing, and hangs up.
 *
 * @param bound its path is in a table of /proc/net/unix
 */
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
