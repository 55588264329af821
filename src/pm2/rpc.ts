import { lazyBuiltin } from '../runtime/late.ts';
import { decode, encode, NonsenseFrame, type Message } from './amp.ts';
import type { App } from './invocation.ts';
import { appOf, countOf, fieldOf, listOf, MOST_PIDS } from './process.ts';

/** One process of a living daemon. Several share a name where an app has instances. */
export interface ListedProcess extends App {
  pmId: number;
  /** 0 or null: nothing runs. */
  pid: number | null;
  /** PM2's word: online, stopped, errored, launching... */
  status: string | null;
  /** How often it was started anew; null: it does not say. */
  restarts: number | null;
  /** In cluster mode the daemon itself listens for it. */
  cluster: boolean;
  /** Who typed `pm2 start`, by the client's own account; not the user it runs as (T38). */
  username: string | null;
  /** One of PM2's modules (`pm2 install`), no app of the user's. */
  module: boolean;
}

export type Failure =
  /** Nobody listens: PM2 would spawn a daemon here. `code` is the errno name. */
  | { type: 'dead'; code: string }
  /** There is a socket, and it is not ours to ask. */
  | { type: 'denied'; code: string }
  /** It took the call and did not answer in time. */
  | { type: 'silent' }
  /** It is no PM2 daemon, or it died with half an answer. */
  | { type: 'nonsense'; why: string };
export type Reply = { type: 'answered'; result: unknown } | Failure;
export type RpcAnswer = { type: 'answered'; apps: ListedProcess[] } | Failure;

export interface Patience {
  /** For the whole exchange, in milliseconds. */
  timeoutMs: number;
  /** Of all that comes over the connection; a daemon of 1,000 apps with long environments stays below 64 MiB. */
  maxBytes?: number;
  /** Shared by several conversations: bytes that all of them together may receive. */
  budget?: ByteBudget;
}

/** A number of bytes that several conversations share. */
export class ByteBudget {
  constructor(private left: number) {}

  /** False: they are used up. */
  take(bytes: number): boolean {
    this.left -= bytes;
    return this.left >= 0;
  }
}

/**
 * Everything that lives in the daemon behind this socket, modules included. Never runs pm2, never writes. See
 * askDaemon.
 */
export async function listApps(socketPath: string, patience: Patience): Promise<RpcAnswer> {
  return listed(await askDaemon(socketPath, 'getMonitorData', {}, patience));
}

/** As listApps, with what the daemon reports of itself (`getReport`), asked in one breath. */
export async function listAndReport(socketPath: string, patience: Patience): Promise<[RpcAnswer, Reply]> {
  const [list, report] = await exchange(
    socketPath,
    [
      ['getMonitorData', [{}]],
      ['getReport', [{}]],
    ],
    patience,
  );
  return [listed(list ?? SILENT), report ?? SILENT];
}

function listed(reply: Reply): RpcAnswer {
  if (reply.type !== 'answered') return reply;
  const list = listOf(reply.result);
  if (list === null) return { type: 'nonsense', why: 'its process list is no list' };
  return { type: 'answered', apps: list.map(process).filter((found) => found !== null) };
}

/**
 * Calls one method of a daemon over its socket, as PM2's own client does (docs/pm2-internals.md section 4.5;
 * pm2-axon-rpc 0.7.1, amp 0.3.1). Opens one connection, gives up at the time limit, and is never the one who spawns a
 * daemon.
 *
 * @param socketPath absolute path of rpc.sock
 * @param method `getMonitorData`, `getVersion`, `getReport`...
 * @param argument exactly one, `{}` where the method needs none: nearly every method is `(argument, callback)`
 * (lib/Daemon.js),
 *   and one that is called with none takes the callback for its argument and brings the whole daemon down
 */
export function askDaemon(socketPath: string, method: string, argument: unknown, patience: Patience): Promise<Reply> {
  return callDaemon(socketPath, method, [argument], patience);
}

/** As askDaemon, for the few methods that take two: `stopWatch`, `startWatch` (lib/God/ActionMethods.js). */
export async function callDaemon(
  socketPath: string,
  method: string,
  args: readonly unknown[],
  patience: Patience,
): Promise<Reply> {
  const [reply] = await exchange(socketPath, [[method, args]], patience);
  return reply ?? SILENT;
}

const SILENT: Reply = { type: 'silent' };

/**
 * Several calls over one connection, each with its reply; what fails the connection is the reply of all that are
 * still open.
 */
function exchange(
  socketPath: string,
  calls: readonly (readonly [method: string, args: readonly unknown[]])[],
  patience: Patience,
): Promise<Reply[]> {
  return new Promise((settle) => {
    const ids = calls.map((_, at) => `${globalThis.process.pid}:pm2-guard:${at}`);
    const replies = new Map<string, Reply>();
    const chunks: Buffer[] = [];
    let size = 0;
    let wanted = 0; // bytes below which decoding again would be in vain; keeps a slow answer from costing its square
    const maxBytes = patience.maxBytes ?? 64 << 20;
    let received = 0;
    const socket = lazyBuiltin('node:net').connect({ path: socketPath });
    const end = (others: Reply) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined); // one that comes after the answer changes nothing
      socket.destroy();
      settle(ids.map((id) => replies.get(id) ?? others));
    };
    const timer = setTimeout(() => {
      end(SILENT);
    }, patience.timeoutMs);
    /** What is thrown in a listener would end the whole process. */
    const safely = (listener: () => void) => {
      try {
        listener();
      } catch (error) {
        end({
          type: 'nonsense',
          why: error instanceof Error ? error.message.slice(0, 200) : 'its answer cannot be read',
        });
      }
    };
    const take = (message: Message) => {
      const id = message[1];
      if (typeof id === 'string' && ids.includes(id)) replies.set(id, answerOf(message));
    };

    socket.on('connect', () => {
      safely(() =>
        socket.write(
          Buffer.concat(calls.map(([method, args], at) => encode([{ type: 'call', method, args }, ids[at] ?? '']))),
        ),
      );
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end(failure(error.code ?? error.message));
    });
    socket.on('close', () => {
      end({ type: 'nonsense', why: 'it hung up without an answer' });
    });
    socket.on('data', (chunk: Buffer) => {
      safely(() => {
        received += chunk.length;
        if (received > maxBytes) throw new NonsenseFrame(`its answers are longer than ${maxBytes} bytes`);
        if (patience.budget?.take(chunk.length) === false) {
          end(SILENT);
          return;
        }
        chunks.push(chunk);
        size += chunk.length;
        if (size < wanted) return;
        const { messages, rest, missing } = decode(Buffer.concat(chunks), maxBytes);
        chunks.splice(0, Infinity, rest);
        size = rest.length;
        wanted = size + missing;
        messages.forEach(take);
        if (replies.size === ids.length) end(SILENT);
      });
    });
  });
}

function answerOf([body]: Message): Reply {
  if (typeof body !== 'object' || body === null) return { type: 'nonsense', why: 'its answer is no object' };
  if (Object.hasOwn(body, 'error')) {
    const error = (body as { error: unknown }).error;
    return {
      type: 'nonsense',
      why: `it answered with an error${typeof error === 'string' ? `: ${error.slice(0, 200)}` : ''}`,
    };
  }
  if ('args' in body && Array.isArray(body.args)) return { type: 'answered', result: body.args[0] as unknown };
  return { type: 'nonsense', why: 'its answer has no result' };
}

/** What connect(2) or the connection itself said. */
function failure(code: string): Failure {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return { type: 'denied', code };
    case 'EAGAIN': // a full backlog: somebody listens and does not accept (unix(7))
      return { type: 'silent' };
    case 'ECONNRESET':
    case 'EPIPE':
      return { type: 'nonsense', why: 'it hung up without an answer' };
    default: // ENOENT, ECONNREFUSED, ENOTDIR, a path longer than a socket's may be
      return { type: 'dead', code };
  }
}

function process(entry: unknown): ListedProcess | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const env: unknown = Object.hasOwn(entry, 'pm2_env') ? (entry as { pm2_env: unknown }).pm2_env : null;
  const app = appOf(env);
  const pmId = countOf(entry, 'pm_id');
  if (app === null || pmId === null) return null;
  return {
    ...app,
    pmId,
    pid: countOf(entry, 'pid', MOST_PIDS),
    status: fieldOf(env, 'status'),
    restarts: countOf(env, 'restart_time'),
    cluster: fieldOf(env, 'exec_mode') === 'cluster_mode',
    username: fieldOf(env, 'username'),
    module: (env as Record<string, unknown>).pmx_module === true,
  };
}
