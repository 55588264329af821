import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';

/** What a process will need on this host. Paths are absolute. */
export interface Needs {
  read: readonly string[];
  enter: readonly string[];
  /** Files to write, or to create if missing. */
  write: readonly string[];
  /** Directories to work in, or to create with their missing parent directories. */
  make: readonly string[];
  /** Programs: absolute, or searched in `path`. */
  run: readonly string[];
  path: string;
  /** Ports that the old process listens on. */
  ports: readonly number[];
}

export interface LookRequest {
  needs: Needs;
  /** The daemon's node. It binds the ports, so that its file capabilities count. */
  node: string;
}

export type AccessFault =
  /** `path` is the first part of the path `for` that denies access; for `missing`, the part that does not exist. */
  | { type: 'read' | 'enter' | 'write' | 'run'; for: string; path: string; missing: boolean; directory: boolean }
  | { type: 'port'; port: number };

/**
 * Tries what an app needs, as the user of this process, with access(2) and bind(2). They know ACLs, capabilities,
 * read-only mounts and security modules, which modes do not show.
 */
export async function lookAsUser({ needs, node }: LookRequest): Promise<AccessFault[]> {
  const faults = [
    ...needs.read.map((path) => barred('read', path, constants.R_OK)),
    ...needs.enter.map((path) => barred('enter', path, constants.X_OK)),
    ...needs.write.map((path) =>
      may(path, constants.F_OK)
        ? barred('write', path, constants.W_OK)
        : barred('write', dirname(path), constants.W_OK | constants.X_OK),
    ),
    ...needs.make.map((path) => barred('write', nearest(path), constants.W_OK | constants.X_OK)),
    ...needs.run.map((program) => barred('run', resolved(program, needs.path), constants.X_OK)),
  ].filter((fault) => fault !== null);
  for (const port of needs.ports) if (!(await mayBind(node, port))) faults.push({ type: 'port', port });
  return faults.filter(
    (fault, at) =>
      faults.findIndex((other) => JSON.stringify({ ...other, for: '' }) === JSON.stringify({ ...fault, for: '' })) ===
      at,
  );
}

function barred(type: 'read' | 'enter' | 'write' | 'run', path: string, mode: number): AccessFault | null {
  if (may(path, mode)) return null;
  const above = path
    .split(sep)
    .map((_, at, parts) => parts.slice(0, at).join(sep) || sep)
    .slice(1);
  for (const directory of above) {
    if (may(directory, constants.X_OK)) continue;
    return { type, for: path, path: directory, missing: !may(directory, constants.F_OK), directory: true };
  }
  return {
    type,
    for: path,
    path,
    missing: !may(path, constants.F_OK),
    directory: (mode & constants.X_OK) !== 0 && type !== 'run',
  };
}

/** The nearest existing parent directory. */
function nearest(path: string): string {
  return may(path, constants.F_OK) || path === sep ? path : nearest(dirname(path));
}

function resolved(program: string, path: string): string {
  if (isAbsolute(program)) return program;
  return (
    path
      .split(delimiter)
      .map((directory) => join(directory, program))
      .find((file) => may(file, constants.X_OK)) ?? `/usr/bin/${program}`
  );
}

/** access(2) checks the real ids; these are the user's too. */
function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether this user's node may listen on a port. The kernel checks the right before it checks whether the port is
 * taken (inet_bind, net/ipv4/af_inet.c), so EADDRINUSE means yes. A process of its own makes file capabilities of
 * node count.
 */
function mayBind(node: string, port: number): Promise<boolean> {
  const script = `require("net").createServer().on("error", (e) => process.exit(e.code === "EACCES" ? 3 : 0))
    .listen({ port: +process.argv[1], host: "127.0.0.1", exclusive: true }, () => process.exit(0))`;
  return new Promise((settle) => {
    const child = spawn(node, ['-e', script, String(port)], { stdio: 'ignore' });
    child.on('error', () => {
      settle(true);
    }); // a node that cannot be run is a fault of its own
    child.on('exit', (status) => {
      settle(status !== 3);
    });
  });
}
