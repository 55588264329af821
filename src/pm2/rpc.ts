import { lazyBuiltin } from '../runtime/late.ts';
import { decode, encode, NonsenseFrame, type Message } from './amp.ts';
import type { App } from './invocation.ts';
import { appOf, countOf, fieldOf, listOf, MOST_PIDS } from './process.ts';

/** One process of a running daemon. The instances of an app share a name. */
export interface ListedProcess extends App {
  pmId: number;
  /** 0 or null: nothing runs. */
  pid: number | null;
  /** PM2's value: online, stopped, errored, launching... */
  status: string | null;
  /** Number of restarts; null: not given. */
  restarts: number | null;
  /** In cluster mode the daemon itself listens for it. */
  cluster: boolean;
  /** The account that typed `pm2 start`, as the client says; not the user it runs as (T38). */
  username: string | null;
  /** A module (`pm2 install`), not an app of the user's. */
  module: boolean;
}

export type Failure =
  /** No process listens, so PM2 would start a daemon. `code` is the errno name. */
  | { type: 'dead'; code: string }
  /** The socket exists, but access is denied. */
  | { type: 'denied'; code: string }
  /** It accepted the connection and did not answer in time. */
  | { type: 'silent' }
  /** It is no PM2 daemon, or it ended in the middle of its answer. */
  | { type: 'nonsense'; why: string };
export type Reply = { type: 'answered'; result: unknown } | Failure;
export type RpcAnswer = { type: 'answered'; apps: ListedProcess[] } | Failure;

export interface Patience {
  /** For the whole exchange, in milliseconds; without the time in which this process could not read. */
  timeoutMs: number;
  /** Received bytes of one connection; a daemon of 1,000 apps with long environments sends less than 64 MiB. */
  maxBytes?: number;
  /** A limit on the bytes that several exchanges receive together. */
  budget?: ByteBudget;
}

export class ByteBudget {
  constructor(private left: number) {}

  /** False: the budget is used up. */
  take(bytes: number): boolean {
    this.left -= bytes;
    return this.left >= 0;
  }
}

/** All processes of the daemon behind this socket, modules included. Never writes. See askDaemon. */
export async function listApps(socketPath: string, patience: Patience): Promise<RpcAnswer> {
  return listed(await askDaemon(socketPath, 'getMonitorData', {}, patience));
}

/** As listApps, with the daemon's report of itself (`getReport`), over one connection. */
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
  return { type: 'answered', apps: list.map(processIn).filter((found) => found !== null) };
}

/**
 * Calls one method of a daemon over its socket, as PM2's client does (docs/pm2-internals.md section 4.5; pm2-axon-rpc
 * 0.7.1, amp 0.3.1). It opens one connection, stops at the time limit, and never starts a daemon.
 * @param socketPath absolute path of rpc.sock
 * @param method `getMonitorData`, `getVersion`, `getReport`...
 * @param argument exactly one, `{}` if the method needs none: nearly every method is `(argument, callback)`
 * (lib/Daemon.js). Without one, it takes the callback for its argument and crashes the whole daemon
 */
export function askDaemon(socketPath: string, method: string, argument: unknown, patience: Patience): Promise<Reply> {
  return callDaemon(socketPath, method, [argument], patience);
}

/** As askDaemon, for the few methods with two arguments: `stopWatch`, `startWatch` (lib/God/ActionMethods.js). */
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
const STEPS = 10;

/** Several calls over one connection, each with its reply. A failed connection is the reply to all open calls. */
function exchange(
  socketPath: string,
  calls: readonly (readonly [method: string, args: readonly unknown[]])[],
  patience: Patience,
): Promise<Reply[]> {
  return new Promise((settle) => {
    const ids = calls.map((_, at) => `${process.pid}:pm2-guard:${at}`);
    const replies = new Map<string, Reply>();
    const chunks: Buffer[] = [];
    let size = 0;
    let wanted = 0; // fewer bytes are not decoded: each chunk would cost quadratic time
    const maxBytes = patience.maxBytes ?? 64 << 20;
    let received = 0;
    const socket = lazyBuiltin('node:net').connect({ path: socketPath });
    const end = (others: Reply) => {
      clearInterval(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined); // a later one has no effect
      socket.destroy();
      settle(ids.map((id) => replies.get(id) ?? others));
    };
    // In steps: while another daemon's long answer is parsed, no more than one of them passes.
    let steps = 0;
    const timer = setInterval(() => {
      if (++steps === STEPS) end(SILENT);
    }, patience.timeoutMs / STEPS);
    /** An error thrown in a listener would end the whole process. */
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

/** The error of connect(2) or of the connection. */
function failure(code: string): Failure {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return { type: 'denied', code };
    case 'EAGAIN': // a full backlog: a process listens and does not accept (unix(7))
      return { type: 'silent' };
    case 'ECONNRESET':
    case 'EPIPE':
      return { type: 'nonsense', why: 'it hung up without an answer' };
    default: // ENOENT, ECONNREFUSED, ENOTDIR, a path too long for a socket
      return { type: 'dead', code };
  }
}

function processIn(entry: unknown): ListedProcess | null {
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
