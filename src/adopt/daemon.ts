import { isRecord, recordsIn, type Pm2Env, type RecordedProcess } from '../pm2/record.ts';
import type { Reply } from '../pm2/rpc.ts';
import type { Worker } from './work-as.ts';

/** A daemon did not do what it was told. */
export class DaemonError extends Error {
  override name = 'DaemonError';
}

const ASK_MS = 10_000;
/** Beyond an app's own kill_timeout or listen_timeout. */
const MARGIN_MS = 15_000;

/** What is asked of one daemon, as its user, over its socket. Each method answers when PM2 has done it. */
export class Daemon {
  constructor(private readonly worker: Worker) {}

  /** Everything in it, modules included; null: no daemon listens there. */
  async list(): Promise<RecordedProcess[] | null> {
    const reply = await this.worker.call('getMonitorData', [{}], ASK_MS);
    if (reply.type === 'dead') return null;
    const listed = recordsIn(reply);
    if (listed === null) throw this.#error('list its apps', reply);
    return listed;
  }

  async named(names: readonly string[]): Promise<RecordedProcess[]> {
    return (await this.list() ?? []).filter(({ record }) => names.includes(String(record.name)));
  }

  /** Starts a new process from its record, or registers it as stopped. */
  async prepare(record: Pm2Env): Promise<void> {
    const reply = await this.worker.call('prepare', [record], millisecondsOf(record.listen_timeout, 3000) + MARGIN_MS);
    // PM2 5 answers never where a worker died before it was online: its list tells.
    if (reply.type !== 'answered' && reply.type !== 'silent') throw this.#error(`start ${String(record.name)}`, reply);
  }

  /** Stops a process, and keeps what would start it again from doing so; it stays registered. */
  async stop({ pmId, record }: RecordedProcess): Promise<void> {
    if (record.watch) await this.worker.call('stopWatch', ['stopProcessId', pmId], ASK_MS); // else a changed file restarts it (lib/Client.js)
    this.#expect(`stop ${String(record.name)}`, await this.worker.call('stopProcessId', [pmId], this.#patience(record)));
  }

  /** Starts a registered process again; `watch` as it was. */
  async start(pmId: number, before: Pm2Env): Promise<void> {
    if (before.watch) await this.worker.call('startWatch', ['restartProcessId', { id: pmId }], ASK_MS);
    this.#expect(`start ${String(before.name)}`, await this.worker.call('restartProcessId', [{ id: pmId }], this.#patience(before)));
  }

  async remove({ pmId, record }: RecordedProcess): Promise<void> {
    if (record.watch) await this.worker.call('stopWatch', ['deleteProcessId', pmId], ASK_MS);
    this.#expect(`delete ${String(record.name)}`, await this.worker.call('deleteProcessId', [pmId], this.#patience(record)));
  }

  /** Ends the daemon itself, when nothing is left in it. It never answers that. */
  async end(): Promise<void> {
    await this.worker.call('notifyKillPM2', [{}], 200);
    await this.worker.call('killMe', [{}], 2000);
  }

  #patience(record: Pm2Env): number {
    return millisecondsOf(record.kill_timeout, 1600) + millisecondsOf(record.listen_timeout, 3000) + MARGIN_MS;
  }

  #expect(what: string, reply: Reply): void {
    if (reply.type === 'answered' && !(isRecord(reply.result) && reply.result.error === true)) return;
    if (reply.type === 'answered' && /w\/o pid/.test(String((reply.result as Pm2Env).message))) return; // it had no process to stop
    throw this.#error(what, reply);
  }

  #error(what: string, reply: Reply): DaemonError {
    const why = reply.type === 'nonsense' ? reply.why : reply.type === 'silent' ? 'it did not answer in time' : reply.type === 'answered' ? JSON.stringify(reply.result).slice(0, 200) : reply.code;
    return new DaemonError(`the daemon of ${this.worker.seat.label} did not ${what}: ${why}`);
  }
}

function millisecondsOf(value: unknown, usual: number): number {
  return typeof value === 'number' && value > 0 ? value : usual;
}
