import type { Pm2HomeFacts } from '../host/home-facts.ts';

/** What `doctor --fix` may do by itself in one home: safe, and reversible by hand. Carried out by src/doctor/mend. */
export interface Fix {
  home: string;
  /** The directory that was looked at. */
  dev: number;
  ino: number;
  /**
   * Whose the home is: everything is done with that user's rights, and nothing that the user could not have done
   * without root but `own`.
   */
  owner: { name: string; uid: number; gid: number };
  deeds: Deed[];
}

/**
 * One change to one file, by its name in the home (`.` is the home), as it was when it was looked at: any other is
 * left alone.
 */
export type Deed = { name: string; dev: number; ino: number } &
  /** Give a file or directory of root's to the owner. */
  (
    | { type: 'own'; uid: number; gid: number }
    | { type: 'mode'; from: number; to: number }
    /** A socket that nobody listens on. */
    | { type: 'remove socket' }
    /** pm2.pid, which says this, and no daemon is that process. */
    | { type: 'remove pid file'; pid: number | null }
  );

/** Null: there is nothing to do, or nobody whose home it is. */
export function fixIn(
  {
    home,
    owner,
    contents: {
      files: [own],
    },
  }: Pm2HomeFacts,
  deeds: Deed[],
): Fix | null {
  if (owner === null || own === undefined || deeds.length === 0) return null;
  return { home, dev: own.dev, ino: own.ino, owner: { name: owner.name, uid: owner.uid, gid: owner.gid }, deeds };
}
