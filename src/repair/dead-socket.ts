import type { Pm2Home } from '../runtime/brands.ts';
import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readProcesses } from '../host/processes/processes.ts';
import { probeSocket } from '../host/daemons/socket-state.ts';
import { boundPaths, networkTables } from '../host/daemons/sockets.ts';
import { asUser, pathAt, type Task } from '../identity/as-user.ts';
import { SwitchError, type Identity } from '../identity/switch-user.ts';
import { Left, requireSame, type Held } from './held.ts';

/**
 * Removes a dead socket with the rights of the PM2_HOME's user. First it is moved aside and tried again, so that a
 * starting daemon keeps its new socket (T33).
 * @throws Left with nothing changed
 */
export async function removeDeadSocket(
  directory: Held,
  name: string,
  seen: { dev: number; ino: number },
  pm2Home: Pm2Home,
  user: Identity,
): Promise<void> {
  requireSame(directory, name, seen);
  if (!(await isDead(directory, name, pm2Home))) throw new Left('a process listens on it by now');
  const aside = `.${name}.${process.pid}.pm2-guard`;
  rename(directory, name, aside, user);
  try {
    requireSame(directory, aside, seen);
    if ((await probeSocket(join(directory.path, aside), false)) !== 'dead')
      throw new Left('a process listens on it by now');
  } catch (error) {
    rename(directory, aside, name, user);
    throw error;
  }
  asUser(user, UNLINK, aside, directory.fd);
}

export async function isDead(directory: Held, name: string, pm2Home: Pm2Home): Promise<boolean> {
  const path = join(directory.path, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  return (
    (await probeSocket(path, boundPaths(networkTables(readProcesses(), 'unix')).has(join(pm2Home, name)))) === 'dead'
  );
}

export const UNLINK: Task<string, null> = {
  name: 'unlink',
  run: (name, at) => {
    unlinkSync(pathAt(at, name));
    return null;
  },
};

export const RENAME: Task<{ from: string; to: string }, null> = {
  name: 'rename',
  run: ({ from, to }, at) => {
    renameSync(pathAt(at, from), pathAt(at, to));
    return null;
  },
};

function rename({ fd }: Held, from: string, to: string, user: Identity): void {
  try {
    asUser(user, RENAME, { from, to }, fd);
  } catch (error) {
    if (error instanceof SwitchError) throw error;
    throw new Left(`it cannot be moved (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}
