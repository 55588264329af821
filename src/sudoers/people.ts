import { accountByName, groupByName, localAccounts, localGroups } from '../identity/accounts.ts';
import type { GrantedUsers } from './grants.ts';

export function peopleOfHost(): GrantedUsers {
  const users = spellings(localAccounts().map(({ name }) => name));
  const groups = spellings(localGroups().map(({ name }) => name));
  return {
    user(name) {
      const account = accountByName(name);
      return (
        account && { name: account.name, id: account.uid, twin: (users.get(account.name.toLowerCase())?.size ?? 0) > 1 }
      );
    },
    group(name) {
      const group = groupByName(name);
      return group && { name: group.name, id: group.gid, twin: (groups.get(group.name.toLowerCase())?.size ?? 0) > 1 };
    },
  };
}

function spellings(names: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of names) found.set(name.toLowerCase(), (found.get(name.toLowerCase()) ?? new Set()).add(name));
  return found;
}
