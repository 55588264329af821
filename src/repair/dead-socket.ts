import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readProcesses } from '../host/processes.ts';
import { probe } from '../host/socket-state.ts';
import { boundPaths, networkTables } from '../host/sockets.ts';
import { asUser } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import { Left, requireSame, type Held } from './held.ts';

/**
 * Removes a socket that no process listens on, with the rights of the PM2_HOME's user. It is moved aside and tried once
 * more first: a daemon that is just starting binds its own in the meantime, and must not lose it (T33).
 *
 * @param directory the PM2_HOME
 * @throws Left with nothing changed
 */
export async function removeDeadSocket(
  directory: Held,
  name: string,
  seen: { dev: number; ino: number },
  pm2Home: string,
  user: Identity,
): Promise<void> {
  requireSame(directory, name, seen);
  if (!(await isDead(directory, name, pm2Home))) throw new Left('a process listens on it by now');
  const path = join(directory.path, name);
  const aside = join(directory.path, `.${name}.${process.pid}.pm2-guard`);
  asUser(user, () => {
    rename(path, aside);
  });
  try {
    requireSame(directory, basename(aside), seen);
    if ((await probe(aside, false)) !== 'dead') throw new Left('a process listens on it by now');
  } catch (error) {
    asUser(user, () => {
      rename(aside, path);
    });
    throw error;
  }
  asUser(user, () => {
    unlinkSync(aside);
  });
}

/** Whether a socket is there that no process listens on. */
export async function isDead(directory: Held, name: string, pm2Home: string): Promise<boolean> {
  const path = join(directory.path, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  return (await probe(path, boundPaths(networkTables(readProcesses(), 'unix')).has(join(pm2Home, name)))) === 'dead';
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw new Left(`it cannot be moved (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}
