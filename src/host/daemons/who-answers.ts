import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import type { Pid } from '../../runtime/brands.ts';
import { socketsOf } from '../processes/processes.ts';
import { namedSockets, networkTable } from './sockets.ts';

/** A daemon accepts within one turn of its event loop. A stopped one never does, but the kernel still connects. */
const TIMEOUT_MS = 1000;
const STEP_MS = 10;

/**
 * Finds which process accepts at a shared socket path. It connects and looks which process gets the new socket,
 * because node has no SO_PEERCRED (unix(7)).
 * @param bound the path as bound, which names the accepted socket
 * @returns null: none accepted in time
 */
export async function whoAnswers(path: string, pids: readonly Pid[], bound = path): Promise<Pid | null> {
  const before = new Set(pids.flatMap((pid) => socketsOf(pid)));
  const call = connect({ path });
  call.on('error', () => undefined); // the daemon may close it
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
