import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid, groupByGid, membersOf } from '../../identity/accounts.ts';
import { asFileStats, type Gid, type Uid } from '../../runtime/brands.ts';

/** File permissions are the only access check of PM2's sockets (docs/pm2-internals.md section 4.5). */
export interface SocketFile {
  uid: Uid;
  /** Account or uid. */
  owner: string;
  group: string;
  mode: number;
  /** Group members besides root and the owner who can connect; sorted. */
  members: string[];
  /** All users can connect. */
  open: boolean;
}

/** Null: gone, not a socket, or hidden from the caller. */
export function socketFile(path: string): SocketFile | null {
  try {
    const stat = asFileStats(lstatSync(path));
    if (!stat.isSocket()) return null;
    const { uid, gid, mode } = stat;
    const group = groupByGid(gid);
    return {
      uid,
      mode: mode & 0o7777,
      owner: nameOf(uid),
      group: group?.name ?? `gid ${gid}`,
      // connect(2) needs write permission on the socket and search permission on its directories (unix(7)).
      members:
        (mode & 0o020) !== 0 && isPassable(path, (way) => (way.gid === gid ? 0o010 : 0o001))
          ? membersOf({ gid, members: group?.members ?? [] })
              .sort()
              .filter((name) => name !== 'root' && name !== nameOf(uid))
          : [],
      open: (mode & 0o002) !== 0 && isPassable(path, () => 0o001),
    };
  } catch {
    return null;
  }
}

export function nameOf(uid: Uid): string {
  return accountByUid(uid)?.name ?? `uid ${uid}`;
}

/** Ignores supplementary groups and ACLs. */
function isPassable(path: string, bit: (stat: { gid: Gid }) => number): boolean {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const stat = asFileStats(statSync(directory));
    if ((stat.mode & bit(stat)) === 0) return false;
    if (directory === '/') return true;
  }
}
