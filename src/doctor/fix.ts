import type { Pm2HomeFacts } from '../host/homes/home-facts.ts';
import type { Gid, Pid, Pm2Home, Uid } from '../runtime/brands.ts';
import { partOf, type Trusted } from '../trust/word.ts';

/** Changes for `doctor --fix` in one PM2_HOME. Each is safe and can be undone. src/doctor/mend applies them. */
export interface Fix {
  pm2Home: Pm2Home;
  /** Identity of the PM2_HOME as it was examined. */
  dev: number;
  ino: number;
  /** Every change but `own` is made with the rights of this user. */
  owner: Trusted<{ name: string; uid: Uid; gid: Gid }>;
  /** As in Pm2HomeFacts. */
  trusted: boolean;
  anchored: boolean;
  deeds: Deed[];
}

/** One change to one file, named relative to the PM2_HOME. A file with another device or inode is left alone. */
export type Deed = { name: string; dev: number; ino: number } & (
  | { type: 'own'; uid: Uid; gid: Gid }
  | { type: 'mode'; from: number; to: number }
  | { type: 'remove socket' }
  /** The pid that the file holds. No daemon has it. */
  | { type: 'remove pid file'; pid: Pid | null }
);

/** Null: there is no change to make, or the owner is not known. */
export function fixIn(
  {
    pm2Home,
    owner,
    trusted,
    anchored,
    contents: {
      files: [own],
    },
  }: Pm2HomeFacts,
  deeds: Deed[],
): Fix | null {
  if (owner === null || own === undefined || deeds.length === 0) return null;
  const named = partOf(owner, ({ name, uid, gid }) => ({ name, uid, gid }));
  return { pm2Home, dev: own.dev, ino: own.ino, owner: named, trusted, anchored, deeds };
}
