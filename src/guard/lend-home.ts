import type { Pm2Home } from '../runtime/brands.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server, Socket } from 'node:net';
import { decode, encode, type Message } from '../pm2/amp.ts';
import { lazyBuiltin } from '../runtime/late.ts';

/** A temporary PM2_HOME with a temporary daemon, for a call that needs none. */
export interface LentPm2Home {
  /** Call it when PM2 has read its paths: restores the environment for apps and scripts. */
  afterLoad: () => void;
}

/** Larger than any request of PM2's client for these commands. */
const MAX_REQUEST = 1 << 20;

/** Paths that variables can move (paths.js, PM2 5.4 to 7.0). The socket's name hides it from daemon searches. */
const FILES = {
  PM2_CONF_FILE: 'conf.js',
  PM2_MODULE_CONF_FILE: 'module_conf.json',
  PM2_LOG_FILE_PATH: 'pm2.log',
  PM2_PID_FILE_PATH: 'pm2.pid',
  PM2_RELOAD_LOCKFILE: 'reload.lock',
  PM2_DEFAULT_PID_PATH: 'pids',
  PM2_DEFAULT_LOG_PATH: 'logs',
  PM2_DEFAULT_MODULE_PATH: 'modules',
  PM2_IO_ACCESS_TOKEN: 'pm2-io-token',
  PM2_DUMP_FILE_PATH: 'dump.pm2',
  PM2_DUMP_BACKUP_FILE_PATH: 'dump.pm2.bak',
  PM2_DAEMON_RPC_PORT: 'calls.sock',
  PM2_DAEMON_PUB_PORT: 'pub.sock',
  PM2_INTERACTOR_RPC_PORT: 'interactor.sock',
  PM2_INTERACTOR_LOG_FILE_PATH: 'agent.log',
  PM2_INTERACTOR_PID_PATH: 'agent.pid',
  PM2_INTERACTION_CONF: 'agent.json5',
};

/**
 * A daemon in this process with an empty list, because PM2's client starts one if none answers. Null: no directory
 * could be made.
 * @param version of the real pm2, or PM2 would report an outdated daemon
 * @param pm2Home value that PM2 writes into files; null: the temporary directory. Files in it are not touched
 * @param isRead PM2 reads the directory after connecting, so it stays until this process ends
 */
export function lendPm2Home(version: string, pm2Home: Pm2Home | null, isRead = false): LentPm2Home | null {
  let directory: string;
  try {
    directory = mkdtempSync('/tmp/pm2-guard-'); // mode 0700
    writeFileSync(join(directory, 'touch'), ''); // without it PM2 greets a new user and reports an installation
    writeFileSync(join(directory, 'module_conf.json'), '{}');
  } catch {
    return null;
  }
  const before = { ...process.env };
  const remove = () => {
    rmSync(directory, { recursive: true, force: true });
  };
  process.on('exit', remove);
  serve(join(directory, FILES.PM2_DAEMON_RPC_PORT), version, isRead ? () => undefined : remove);
  // Not PM2_HOME: libraries use that variable to detect PM2, and colour their output.
  process.env['OVER_HOME'] = pm2Home ?? directory;
  for (const [name, file] of Object.entries(FILES)) process.env[name] = join(directory, file);
  // PM2 only tests if it is set. Without it PM2 writes `touch` into PM2_HOME (initFileStructure in lib/Client.js).
  if (pm2Home !== null) process.env['PM2_PROGRAMMATIC'] = 'lent';
  return {
    afterLoad: () => {
      for (const name of ['OVER_HOME', 'PM2_PROGRAMMATIC', ...Object.keys(FILES)]) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    },
  };
}

function serve(path: string, version: string, whenServed: () => void): Server {
  const server = lazyBuiltin('node:net').createServer((socket) => {
    answer(socket, version, whenServed);
  });
  server.on('error', () => undefined); // PM2 then starts a daemon in this directory
  server.listen(path);
  server.unref();
  return server;
}

/** axon-rpc: `methods` lists methods, `call` calls one (docs/pm2-internals.md section 4.5). */
function answer(socket: Socket, version: string, whenServed: () => void): void {
  let pending: Uint8Array = Buffer.alloc(0);
  socket.unref();
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    try {
      const { messages, rest } = decode(Buffer.concat([pending, chunk]), MAX_REQUEST);
      pending = rest;
      for (const message of messages)
        socket.write(encode([replyTo(message, version, whenServed), message[1] as string]));
    } catch {
      socket.destroy();
    }
  });
}

function replyTo([body]: Message, version: string, whenServed: () => void): object {
  const { type, method } = (body ?? {}) as { type?: unknown; method?: unknown };
  if (type === 'methods') return { methods: { getVersion: { name: 'getVersion', params: ['opts', 'fn'] } } };
  if (method === 'getMonitorData') return { args: [[]] };
  if (method !== 'getVersion') return { error: 'this command needs no daemon' };
  // All files are open or read now. Removed here, they cannot stay behind after a signal.
  setImmediate(whenServed);
  return { args: [version] };
}
