import { describe, expect, it } from 'vitest';
import { kill } from '../../src/doctor/repair.ts';
import type { Identity } from '../../src/identity/switch-user.ts';
import type { Gift } from '../../src/repair/give-back.ts';
import { asGid, asPm2Home, asUid, NO_UID } from '../../src/runtime/brands.ts';
import { isGoodFor, KERNEL, ROOT, trust, wordOf } from '../../src/trust/word.ts';

const root = asUid(0);
const web = asUid(33);

describe('a word', () => {
  it('of the kernel or of root is good for all things', () => {
    for (const word of [KERNEL, ROOT, wordOf(root)])
      expect([isGoodFor(word, root), isGoodFor(word, asUid(1000))]).toEqual([true, true]);
  });
  it("of a user is good for the user's own things only", () => {
    expect([1000, 1001, 0].map((owner) => isGoodFor(wordOf(asUid(1000)), asUid(owner)))).toEqual([true, false, false]);
    expect(isGoodFor(wordOf(NO_UID), root)).toBe(false);
  });
  it('makes a value that root may act on, or none', () => {
    expect([trust(812, KERNEL, root), trust(812, wordOf(web), web), trust(812, wordOf(web), root)]).toEqual([
      812,
      812,
      null,
    ]);
  });
  it('is asked for by the types: a plain number is no pid for root to kill', () => {
    // @ts-expect-error a number that was not checked
    kill({ user: 'root', uid: root }, [812]);
    const web33: Identity = { user: 'www-data', uid: web, gid: asGid(33) };
    // @ts-expect-error a user of whom it is not known who named it
    const gift: Gift = { pm2Home: asPm2Home('/var/www/.pm2'), name: '.', receiver: web33, seen: null };
    expect(trust(web33, wordOf(asUid(1000)), gift.receiver.uid)).toBe(null);
    const checked = trust(812, KERNEL, root);
    const pids = checked === null ? [] : [checked];
    expect(kill({ user: 'root', uid: root }, pids)).toEqual([['sudo', 'kill', '812']]);
    expect(kill({ user: 'www-data', uid: web }, pids)).toEqual([['sudo', '-u', 'www-data', 'kill', '812']]);
  });
});
