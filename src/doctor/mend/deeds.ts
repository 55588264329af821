import { closeSync, fchmodSync, fchownSync, fstatSync, renameSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commandOf, readProcesses } from '../../host/processes.ts';
import { probe } from '../../host/socket-state.ts';
import { boundPaths, networkTables } from '../../host/sockets.ts';
import { asUser } from '../../identity/as-user.ts';
import { readRegularFile } from '../../trust/read.ts';
import type { Deed, Fix } from '../fix.ts';
import { Left, openItself, requireSame, type Held } from './open.ts';

/**
 * Does one thing in a directory of a home. Everything but the giving itself is done with the owner's rights, so that whatever
 * the owner may put in the way meanwhile, nothing happens that he could not do himself.
 *
 * @param directory that holds the file
 * @throws Left with nothing changed
 */
export async function carryOut(deed: Deed, directory: Held, { owner, home }: Fix): Promise<void> {
  const identity = { user: owner.name, uid: owner.uid, gid: owner.gid };
  const name = basename(deed.name);
  switch (deed.type) {
    case 'own': giveTo(owner, asUser(identity, () => openItself(directory, name)), deed); return;
    case 'mode': asUser(identity, () => { setMode(openItself(directory, name), deed, owner.uid); }); return;
    case 'remove socket': await removeSocket(directory, name, deed, home, (action) => { asUser(identity, action); }); return;
    case 'remove pid file': asUser(identity, () => { removePidFile(directory, name, deed); }); return;
  }
}

/**
 * The only thing that root's rights are needed for. What is given away is an open file, not a name: it is the one that was looked
 * at; it has no other name, so that it is nobody's elsewhere; its content is no secret to the owner, who has opened it; and it
 * lies in a directory where he could have put a copy of it in its place. The kernel clears set-user-ID bits (chown(2)).
 */
function giveTo(owner: Fix['owner'], fd: number, { dev, ino, uid }: Deed & { type: 'own' }): void {
  try {
    const stat = fstatSync(fd);
    if (stat.dev !== dev || stat.ino !== ino) throw new Left('it is another file by now');
    if (stat.uid !== uid) throw new Left(`it belongs to uid ${stat.uid} by now`);
    if (!stat.isDirectory() && !stat.isFile()) throw new Left('it is no regular file');
    if (stat.isFile() && stat.nlink !== 1) throw new Left('it has another name elsewhere');
    fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
  }
}

function setMode(fd: number, { dev, ino, from, to }: Deed & { type: 'mode' }, owner: number): void {
  try {
    const stat = fstatSync(fd);
    if (stat.dev !== dev || stat.ino !== ino) throw new Left('it is another file by now');
    if (stat.uid !== owner) throw new Left(`it belongs to uid ${stat.uid}`);
    if ((stat.mode & 0o7777) !== from) throw new Left('it has another mode by now');
    fchmodSync(fd, to);
  } finally {
    closeSync(fd);
  }
}

/**
 * Takes the name away first, then makes sure that it was the dead one: a daemon that is just starting binds its own in the
 * meantime, and must not lose it (T33).
 */
async function removeSocket(directory: Held, name: string, deed: Deed, home: string, asOwner: (action: () => void) => void): Promise<void> {
  requireSame(directory, name, deed);
  const path = join(directory.path, name);
  const bound = () => boundPaths(networkTables(readProcesses(), 'unix')).has(join(home, name));
  if (await probe(path, bound()) !== 'dead') throw new Left('somebody listens on it by now');
  const aside = join(directory.path, `.${name}.${process.pid}.pm2-guard`);
  asOwner(() => { rename(path, aside); });
  try {
    requireSame(directory, basename(aside), deed);
    if (await probe(aside, false) !== 'dead') throw new Left('somebody listens on it by now');
  } catch (error) {
    asOwner(() => { rename(aside, path); });
    throw error;
  }
  asOwner(() => { unlinkSync(aside); });
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw new Left(`it cannot be moved (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function removePidFile(directory: Held, name: string, deed: Deed & { type: 'remove pid file' }): void {
  requireSame(directory, name, deed);
  const path = join(directory.path, name);
  const text = readRegularFile(path, 64).toString('latin1').trim();
  if ((/^\d{1,10}$/.test(text) ? Number(text) : null) !== deed.pid) throw new Left('it names another process by now');
  if (deed.pid !== null && /PM2/.test(commandOf(deed.pid))) throw new Left('the process is a daemon by now');
  unlinkSync(path);
}
