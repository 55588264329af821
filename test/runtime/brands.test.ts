import { describe, expectTypeOf, it } from 'vitest';
import { accountByUid, groupByGid, type Account } from '../../src/identity/accounts.ts';
import type { Identity } from '../../src/identity/switch-user.ts';
import { asGid, asPid, asUid, type FileStats, type Gid, type Pid, type Uid } from '../../src/runtime/brands.ts';
import { startOf } from '../../src/runtime/process-start.ts';
import { isGoodFor, wordOf } from '../../src/trust/word.ts';
import type { replaceFile } from '../../src/trust/write.ts';

// `npm run typecheck` proves these: a line that compiles below @ts-expect-error is an error.
const wrong = (...uses: unknown[]): number => uses.length;
const [uid, gid, pid] = [asUid(33), asGid(33), asPid(812)];

describe('a uid, a gid and a pid', () => {
  it('are three types, and a plain number is none of them', () => {
    expectTypeOf<Uid>().not.toExtend<Gid>();
    expectTypeOf<Gid>().not.toExtend<Uid>();
    expectTypeOf<Pid>().not.toExtend<Uid>();
    expectTypeOf<number>().not.toExtend<Uid>();
    expectTypeOf<number>().not.toExtend<Gid>();
    expectTypeOf<number>().not.toExtend<Pid>();
    expectTypeOf<Uid>().toExtend<number>();
  });

  it('are not taken for each other where a process or a file changes its owner', () => {
    const right: Identity = { user: 'www-data', uid, gid };
    // @ts-expect-error they are swapped
    const swapped: Identity = { user: 'www-data', uid: gid, gid: uid };
    // @ts-expect-error plain numbers
    const unknown: Identity = { user: 'www-data', uid: 33, gid: 33 };
    // @ts-expect-error they are swapped
    const half: Identity = { ...right, gid: uid };
    type Owner = Parameters<typeof replaceFile>[3];
    // @ts-expect-error they are swapped
    const owner: Owner = { uid: gid, gid: uid };
    wrong(swapped, unknown, half, owner);
  });

  it('are not taken for each other where an account, a process or a word is looked up', () => {
    wrong(
      // @ts-expect-error a gid is something else
      () => accountByUid(gid),
      // @ts-expect-error a uid is something else
      () => groupByGid(uid),
      // @ts-expect-error a uid is something else
      () => startOf(uid),
      // @ts-expect-error a pid is something else
      () => wordOf(pid),
      // @ts-expect-error a gid is something else
      () => isGoodFor(wordOf(uid), gid),
    );
  });

  it('come from passwd, group and the kernel as what they are', () => {
    expectTypeOf<Account['uid']>().toEqualTypeOf<Uid>();
    expectTypeOf<Account['gid']>().toEqualTypeOf<Gid>();
    expectTypeOf<FileStats['uid']>().toEqualTypeOf<Uid>();
  });
});
