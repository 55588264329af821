import type { Uid } from '../runtime/brands.ts';

/** Who reports a fact. Kernel: uids, owners. Root: its processes and its own files. User: everything else. */
export type Word = { by: 'kernel' } | { by: 'root' } | { by: 'user'; uid: Uid };

export const KERNEL: Word = { by: 'kernel' };
export const ROOT: Word = { by: 'root' };

export function wordOf(uid: Uid): Word {
  return uid === 0 ? ROOT : { by: 'user', uid };
}

/** A user's claim may only decide about that user's own things. */
export function isGoodFor(word: Word, owner: Uid): boolean {
  return word.by !== 'user' || word.uid === owner;
}

declare const trusted: unique symbol;

/** Only `trust` creates this type, so that an unchecked value is a type error. */
export type Trusted<Value> = Value & { readonly [trusted]: true };

/** Null: not trusted. @param owner uid, from the kernel, of the thing that root would act on */
export function trust<Value>(value: Value, word: Word, owner: Uid): Trusted<Value> | null {
  return isGoodFor(word, owner) ? (value as Trusted<Value>) : null;
}

/** A part of a trusted fact is trusted, too. */
export function partOf<Value, Part>(value: Trusted<Value>, take: (value: Value) => Part): Trusted<Part> {
  return take(value) as Trusted<Part>;
}
