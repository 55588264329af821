import { describe, expect, it } from 'vitest';
import { kill } from '../../src/doctor/repair.ts';
import { isGoodFor, KERNEL, NO_UID, ROOT, trust, wordOf } from '../../src/trust/word.ts';

describe('a word', () => {
  it('of the kernel or of root is good for all things', () => {
    for (const word of [KERNEL, ROOT, wordOf(0)])
      expect([isGoodFor(word, 0), isGoodFor(word, 1000)]).toEqual([true, true]);
  });
  it("of a user is good for the user's own things only", () => {
    expect([1000, 1001, 0].map((owner) => isGoodFor(wordOf(1000), owner))).toEqual([true, false, false]);
    expect(isGoodFor(wordOf(NO_UID), 0)).toBe(false);
  });
  it('makes a value that root may act on, or none', () => {
    expect([trust(812, KERNEL, 0), trust(812, wordOf(33), 33), trust(812, wordOf(33), 0)]).toEqual([812, 812, null]);
  });
  it('is asked for by the types: a plain number is no pid for root to kill', () => {
    // @ts-expect-error a number that was not checked
    kill([812]);
    const checked = trust(812, KERNEL, 0);
    expect(checked === null ? [] : kill([checked])).toEqual([['sudo', 'kill', '812']]);
  });
});
