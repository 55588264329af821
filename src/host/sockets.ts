import { readFileSync } from 'node:fs';

/** A socket somewhere on this host that somebody listens on as rpc.sock. */
export interface ListeningSocket {
  /** As it was bound: absolute, but gone or replaced where its directory was. */
  path: string;
  inode: string;
}

/** __SO_ACCEPTCON: listening (linux/net.h). */
const LISTENING = 0x10000;

/**
 * Every listening `rpc.sock`, whoever's, from /proc/net/unix (proc(5)): readable by all, and the only list that a daemon
 * whose title was cut or whose home was deleted is still on (PM2.md 4.4).
 *
 * @returns empty where there is no /proc
 */
export function listeningSockets(text: string = unixSockets()): ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path, of which only the path may hold blanks.
    const [, flags, inode, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (flags === undefined || inode === undefined || path === undefined) return [];
    return (parseInt(flags, 16) & LISTENING) !== 0 && path.endsWith('/rpc.sock') ? [{ path, inode }] : [];
  });
}

function unixSockets(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return '';
  }
}
