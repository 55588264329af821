import type { Account } from '../../src/identity/accounts.ts';
import { asGid, asUid } from '../../src/runtime/brands.ts';

/** An ordinary account, with a group of its own. */
export const account = (name: string, uid: number): Account => ({
  name,
  uid: asUid(uid),
  gid: asGid(uid),
  gecos: '',
  homeDirectory: `/home/${name}`,
  shell: '/bin/sh',
});
