/**
 * Whose word a fact about the host is. The kernel's: the uid of a process, the owner of a file. Root's: a file that
 * only root can change (trust.ts), and what root's own processes say. A user's: all else, such as the user's files,
 * answers of the user's daemon, a process title, the name of a socket.
 */
export type Word = { by: 'kernel' } | { by: 'root' } | { by: 'user'; uid: number };

export const KERNEL: Word = { by: 'kernel' };
export const ROOT: Word = { by: 'root' };

/** (uid_t) -1, which no process and no file has (chown(2)): for a user who is not known. */
export const NO_UID = 4_294_967_295;

/** What a process or a file of this uid says. */
export function wordOf(uid: number): Word {
  return uid === 0 ? ROOT : { by: 'user', uid };
}

/** Whether a word may decide about a thing of this owner: a user's word is good for the user's own things only. */
export function isGoodFor(word: Word, owner: number): boolean {
  return word.by !== 'user' || word.uid === owner;
}

declare const trusted: unique symbol;

/** A value that root may act on. `trust` is the only way to make one, so that an unchecked value is a type error. */
export type Trusted<Value> = Value & { readonly [trusted]: true };

/**
 * @param value a pid, a path, a name
 * @param word who says it
 * @param owner uid of the owner, by the kernel, of the thing that root would act on
 * @returns null: the word is not good for it
 */
export function trust<Value>(value: Value, word: Word, owner: number): Trusted<Value> | null {
  return isGoodFor(word, owner) ? (value as Trusted<Value>) : null;
}
