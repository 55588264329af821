import { isRecord, type Pm2Env, type RecordedProcess } from '../pm2/record.ts';
import type { Reply } from '../pm2/rpc.ts';
import { Failed } from './failed.ts';
import { numberIn, processesIn, textIn, type NamedProcess } from './records.ts';
import type { Worker } from './work-as.ts';

/** A daemon did not do what was asked. */
export class DaemonError extends Failed {
  override name = 'DaemonError';
}

const ASK_MS = 10_000;
/** Added to an app's own kill_timeout or listen_timeout. */
const MARGIN_MS = 15_000;
const LONGEST_MS = 600_000;

/** Requests to one daemon, as its user, over its socket. Each method returns when PM2 is done. */
export class DaemonClient {
  constructor(private readonly worker: Worker) {}

  /** All its processes, modules included; null: no daemon listens. */
  async list(): Promise<NamedProcess[] | null> {
    const reply = await this.worker.call('getMonitorData', [{}], ASK_MS);
    if (reply.type === 'dead') return null;
    const listed = processesIn(reply);
    if (listed === null) throw this.#error('list its apps', reply);
    return listed;
  }

  async named(names: readonly string[]): Promise<NamedProcess[]> {
    return ((await this.list()) ?? []).filter(({ record }) => names.includes(record.name));
  }

  /** Starts a new process from its record, or registers it as stopped. */
  async prepare(record: Pm2Env): Promise<void> {
    const reply = await this.worker.call('prepare', [record], waitFor(record, 'listen_timeout', 3000) + MARGIN_MS);
    // PM2 5 never answers if a worker died before it was online, so the list is checked instead.
    if (reply.type !== 'answered' && reply.type !== 'silent')
      throw this.#error(`start ${textIn(record, 'name')}`, reply);
  }

  /** Stops a process and its watcher; it stays registered. */
  async stop({ pmId, record }: RecordedProcess): Promise<void> {
    // Otherwise a changed file restarts it (lib/Client.js).
    if (record.watch) await this.worker.call('stopWatch', ['stopProcessId', pmId], ASK_MS);
    this.#expect(
      `stop ${textIn(record, 'name')}`,
      await this.worker.call('stopProcessId', [pmId], this.#patience(record)),
    );
  }

  /** Starts a registered process again, with `watch` as it was. */
  async start(pmId: number, before: Pm2Env): Promise<void> {
    if (before.watch) await this.worker.call('startWatch', ['restartProcessId', { id: pmId }], ASK_MS);
    this.#expect(
      `start ${textIn(before, 'name')}`,
      await this.worker.call('restartProcessId', [{ id: pmId }], this.#patience(before)),
    );
  }

  async remove({ pmId, record }: RecordedProcess): Promise<void> {
    if (record.watch) await this.worker.call('stopWatch', ['deleteProcessId', pmId], ASK_MS);
    this.#expect(
      `delete ${textIn(record, 'name')}`,
      await this.worker.call('deleteProcessId', [pmId], this.#patience(record)),
    );
  }

  /** Ends the empty daemon. It never answers this request. */
  async end(): Promise<void> {
    await this.worker.call('notifyKillPM2', [{}], 200);
    await this.worker.call('killMe', [{}], 2000);
  }

  #patience(record: Pm2Env): number {
    return waitFor(record, 'kill_timeout', 1600) + waitFor(record, 'listen_timeout', 3000) + MARGIN_MS;
  }

  #expect(what: string, reply: Reply): void {
    if (reply.type === 'answered' && !(isRecord(reply.result) && reply.result.error === true)) return;
    // There was no process to stop.
    if (reply.type === 'answered' && /w\/o pid/.test(textIn(reply.result, 'message'))) return;
    throw this.#error(what, reply);
  }

  #error(what: string, reply: Reply): DaemonError {
    const why =
      reply.type === 'nonsense'
        ? reply.why
        : reply.type === 'silent'
          ? 'it did not answer in time'
          : reply.type === 'answered'
            ? textIn(reply.result, 'message').slice(0, 200) || 'its answer says no reason'
            : reply.code;
    return new DaemonError(`the daemon of ${this.worker.seat.label} did not ${what}: ${why}`);
  }
}

/** A time limit from the app's record, in milliseconds. It is capped, because a person waits. */
function waitFor(record: Pm2Env, field: 'kill_timeout' | 'listen_timeout', usual: number): number {
  return numberIn(record, field, usual, [0, LONGEST_MS]);
}
