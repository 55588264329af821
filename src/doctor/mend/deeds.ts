import { closeSync, fchmodSync, fstatSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { commandLineOf } from '../../host/processes/processes.ts';
import { asUser } from '../../identity/as-user.ts';
import type { Identity } from '../../identity/switch-user.ts';
import { removeDeadSocket, UNLINK } from '../../repair/dead-socket.ts';
import { giveBack } from '../../repair/give-back.ts';
import { Left, openItself, requireSame, type Held } from '../../repair/held.ts';
import type { Uid } from '../../runtime/brands.ts';
import { partOf } from '../../trust/word.ts';
import type { Deed, Fix } from '../fix.ts';

/**
 * All but `own` runs with the owner's rights, so it does nothing that the owner could not do.
 * @throws Left with nothing changed
 */
export async function applyFix(deed: Deed, directory: Held, { owner, pm2Home }: Fix): Promise<void> {
  const user = partOf(owner, ({ name: account, uid, gid }) => ({ user: account, uid, gid }));
  const name = basename(deed.name);
  switch (deed.type) {
    case 'own':
      giveBack({ pm2Home, name: deed.name, receiver: user, seen: deed });
      return;
    case 'mode':
      setMode(openItself(directory, name, user), deed, owner.uid);
      return;
    case 'remove socket':
      await removeDeadSocket(directory, name, deed, pm2Home, user);
      return;
    case 'remove pid file':
      removePidFile(directory, name, deed, user);
      return;
  }
}

/** The owner owns the file and can open it, so the owner could change its mode too. */
function setMode(fd: number, { dev, ino, from, to }: Deed & { type: 'mode' }, owner: Uid): void {
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

function removePidFile(directory: Held, name: string, deed: Deed & { type: 'remove pid file' }, user: Identity): void {
  requireSame(directory, name, deed);
  const text = startOf(openItself(directory, name, user)).trim();
  if ((/^\d{1,10}$/.test(text) ? Number(text) : null) !== deed.pid) throw new Left('it names another process by now');
  if (deed.pid !== null && /PM2/.test(commandLineOf(deed.pid))) throw new Left('the process is a daemon by now');
  asUser(user, UNLINK, name, directory.fd);
}

function startOf(fd: number): string {
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Left('it is no regular file');
    if (stat.size > MAX_PID_FILE) throw new Left(`it is larger than ${MAX_PID_FILE} bytes`);
    const bytes = Buffer.alloc(MAX_PID_FILE);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, MAX_PID_FILE, 0));
  } finally {
    closeSync(fd);
  }
}

const MAX_PID_FILE = 64;
