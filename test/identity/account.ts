import type { Account } from '../../src/identity/accounts.ts';

/** An ordinary account, with a group of its own. */
export const account = (name: string, uid: number): Account => ({
  name,
  uid,
  gid: uid,
  gecos: '',
  home: `/home/${name}`,
  shell: '/bin/sh',
});
