import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { socketsOf } from './processes.ts';
import { namedSockets, networkTable } from './sockets.ts';

/**
 * A daemon takes a call within a turn of its event loop. One that is stopped never does, though the kernel lets us
 * connect.
 */
const TIMEOUT_MS = 1000;
const STEP_MS = 10;

/**
 * Which of several processes answers at the path of a socket that each of them has bound: connects, says nothing, and
 * sees in whose hands the other end appears. (unix(7) has SO_PEERCRED for this, which node cannot ask for.)
 *
 * @param pids of which the caller may see the open files; others are never found
 * @param bound what the path was called when it was bound: the accepted end has the same name
 * @returns its pid; null: nobody took the call in time
 */
export async function whoAnswers(path: string, pids: readonly number[], bound = path): Promise<number | null> {
  const before = new Set(pids.flatMap((pid) => socketsOf(pid)));
  const call = connect({ path });
  call.on('error', () => undefined); // it may hang up at any moment
  try {
    await once(call, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline;) {
      const answering = pids.find((pid) => {
        const taken = new Set(socketsOf(pid).filter((inode) => !before.has(inode)));
        return (
          taken.size > 0 &&
          namedSockets([networkTable(pid, 'unix')]).some(({ inode, path: name }) => taken.has(inode) && name === bound)
        );
      });
      if (answering !== undefined) return answering;
      await after(STEP_MS);
    }
    return null;
  } catch {
    return null;
  } finally {
    call.destroy();
  }
}
