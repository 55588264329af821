import type { Pm2Home } from '../../src/runtime/brands.ts';
import { readFileSync } from 'node:fs';
import { accountByName } from '../../src/identity/accounts.ts';
import { giveBack, wouldGiveBack } from '../../src/repair/give-back.ts';
import { Left } from '../../src/repair/held.ts';
import { KERNEL, trust } from '../../src/trust/word.ts';

// Gives files back, by name alone: what doctor and adopt would do if they believed whatever they were told.
interface Wish {
  pm2Home: Pm2Home;
  names: string[];
  user: string;
  seen?: { dev: number; ino: number };
  dry?: boolean;
}
const { pm2Home, names, user, seen = null, dry = false } = JSON.parse(readFileSync(0, 'utf8')) as Wish;
const account = accountByName(user);
if (account === null) throw new Error(`no user ${user}`);
const receiver = trust({ user, uid: account.uid, gid: account.gid }, KERNEL, account.uid);
if (receiver === null) throw new Error('the kernel is trusted');
const given = new Set<string>();
console.log(
  JSON.stringify(
    names.map((name) => {
      try {
        if (dry) wouldGiveBack({ pm2Home, name, receiver, seen }, given);
        else giveBack({ pm2Home, name, receiver, seen });
        return null;
      } catch (error) {
        if (error instanceof Left) return error.message;
        throw error;
      }
    }),
  ),
);
