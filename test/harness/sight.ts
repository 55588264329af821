import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

// Looks into a host from outside, through the /proc of its first process: the product's own code must not be what
// tells the tests whether the product is right, and running pm2 to look would spawn daemons.

export interface HostProcess {
  pid: number;
  parent: number;
  /** Effective. */
  uid: number;
  gid: number;
  /** Arguments, or the title that the process gave itself. */
  command: string;
}

export interface HostDaemon {
  pid: number;
  uid: number;
  /** Directory of its rpc.sock. */
  home: string;
  socket: string;
  cwd: string;
  env: Record<string, string>;
}

export interface HostApp {
  name: string;
  namespace: string;
  id: number;
  status: string;
  restarts: number;
  pid: number;
  /** Of the living process, from the kernel; null where it has none. */
  uid: number | null;
  /** The environment that the living process was started with; empty where it has none. */
  env: Record<string, string>;
  /** PM2's own record of it. */
  pm2: Record<string, unknown>;
}

const procOf = (init: number) => `/proc/${init}/root/proc`;

/** A file of /proc; empty where its process ended meanwhile. */
function peek(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function processesOf(init: number): HostProcess[] {
  const proc = procOf(init);
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const status = peek(`${proc}/${pid}/status`);
      if (status === '' || /^State:\s+[ZX]/m.test(status)) return [];
      const field = (name: string, index: number) =>
        Number(new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/)[index]);
      return [
        {
          pid: Number(pid),
          parent: field('PPid', 0),
          uid: field('Uid', 1),
          gid: field('Gid', 1),
          command: peek(`${proc}/${pid}/cmdline`).replace(/\0+$/, '').replaceAll('\0', ' '),
        },
      ];
    });
}

function environmentOf(init: number, pid: number): Record<string, string> {
  return Object.fromEntries(
    peek(`${procOf(init)}/${pid}/environ`)
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** proc(5): /proc/net/unix lists every listening socket with its path and inode, /proc/pid/fd says who holds it. */
export function daemonsOf(init: number): HostDaemon[] {
  const listening = new Map<string, string>();
  for (const line of peek(`/proc/${init}/net/unix`).split('\n').slice(1)) {
    const [, , , flags, , , inode = '', path = ''] = line.split(/\s+/);
    if (flags === '00010000' && path.endsWith('/rpc.sock')) listening.set(inode, path);
  }
  const proc = procOf(init);
  return processesOf(init).flatMap(({ pid, uid }) => {
    const socket = socketsOf(proc, pid)
      .map((inode) => listening.get(inode))
      .find((path) => path !== undefined);
    if (socket === undefined) return [];
    return [
      {
        pid,
        uid,
        socket,
        home: socket.slice(0, -'/rpc.sock'.length),
        cwd: readlinkSync(`${proc}/${pid}/cwd`),
        env: environmentOf(init, pid),
      },
    ];
  });
}

/**
 * Inodes of its sockets. Files close while we look: a connection that just ended must not hide the one that listens.
 */
function socketsOf(proc: string, pid: number): string[] {
  const read = <T>(look: () => T): T | null => {
    try {
      return look();
    } catch {
      return null;
    }
  };
  return (read(() => readdirSync(`${proc}/${pid}/fd`)) ?? []).flatMap(
    (fd) => /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`${proc}/${pid}/fd/${fd}`)) ?? '')?.[1] ?? [],
  );
}

interface Listed {
  name: string;
  pid: number;
  pm_id: number;
  pm2_env: Record<string, unknown> & { status: string; namespace?: string; restart_time?: number };
}

export async function appsOf(init: number, home: string): Promise<HostApp[]> {
  const listed = await monitorData(`/proc/${init}/root${home}/rpc.sock`);
  const processes = processesOf(init);
  return listed.map((app) => {
    const process = app.pid > 0 ? processes.find(({ pid }) => pid === app.pid) : undefined;
    return {
      name: app.name,
      namespace: app.pm2_env.namespace ?? 'default',
      id: app.pm_id,
      status: app.pm2_env.status,
      restarts: app.pm2_env.restart_time ?? 0,
      pid: app.pid,
      uid: process?.uid ?? null,
      env: process === undefined ? {} : environmentOf(init, app.pid),
      pm2: app.pm2_env,
    };
  });
}

/**
 * One getMonitorData call in AMP v1, as docs/pm2-internals.md section 4.5 describes it: 0x10|argc, then for each
 * argument a uint32BE length and its bytes.
 */
function monitorData(socketPath: string): Promise<Listed[]> {
  const words = ['j:{"type":"call","method":"getMonitorData","args":[{}]}', 's:test:0'].map((word) =>
    Buffer.from(word),
  );
  const frame = Buffer.concat([
    Buffer.from([0x10 | words.length]),
    ...words.flatMap((word) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(word.length);
      return [length, word];
    }),
  ]);
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect(socketPath, () => {
      socket.write(frame);
    });
    socket.setTimeout(10_000, () => {
      socket.destroy(new Error(`${socketPath} does not answer`));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve([]);
      else reject(error);
    });
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.length >= 5 ? 5 + answer.readUInt32BE(1) : Infinity;
      if (answer.length < end) return;
      socket.destroy();
      const { args } = JSON.parse(answer.toString('utf8', 7, end)) as { args: [Listed[]] };
      resolve(args[0]);
    });
  });
}
