import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid, groupByGid, localAccounts } from '../identity/accounts.ts';

/**
 * The file of a socket, and who may command whoever listens there: PM2 has no other check (docs/pm2-internals.md
 * section 4.5).
 */
export interface SocketFile {
  uid: number;
  /** The account of its owner, or the uid where there is none. */
  owner: string;
  group: string;
  mode: number;
  /** Members of its group, other than root and the owner, who may write to it and get that far; sorted. */
  members: string[];
  /** So may everybody. */
  open: boolean;
}

/** Null: it is gone, is no socket, or is not the caller's to look at. */
export function socketFile(path: string): SocketFile | null {
  try {
    const stat = lstatSync(path);
    if (!stat.isSocket()) return null;
    const { uid, gid, mode } = stat;
    const group = groupByGid(gid);
    return {
      uid,
      mode: mode & 0o7777,
      owner: nameOf(uid),
      group: group?.name ?? `gid ${gid}`,
      // connect(2) asks for write permission on the socket, and for search permission on the way (unix(7)).
      members:
        (mode & 0o020) !== 0 && isPassable(path, (way) => (way.gid === gid ? 0o010 : 0o001))
          ? membersOf(gid, group?.members ?? []).filter((name) => name !== 'root' && name !== nameOf(uid))
          : [],
      open: (mode & 0o002) !== 0 && isPassable(path, () => 0o001),
    };
  } catch {
    return null;
  }
}

/** The account of a uid, or the uid itself where there is none: for people. */
export function nameOf(uid: number): string {
  return accountByUid(uid)?.name ?? `uid ${uid}`;
}

/** Those listed, and those whose own group it is. */
function membersOf(gid: number, listed: readonly string[]): string[] {
  return [
    ...new Set([
      ...listed,
      ...localAccounts()
        .filter((account) => account.gid === gid)
        .map(({ name }) => name),
    ]),
  ].sort();
}

/** Every directory above lets them through. Other groups they may be in, and ACLs, are not asked. */
function isPassable(path: string, bit: (stat: { gid: number }) => number): boolean {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const stat = statSync(directory);
    if ((stat.mode & bit(stat)) === 0) return false;
    if (directory === '/') return true;
  }
}
