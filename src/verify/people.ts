import { existsSync } from 'node:fs';
import { accountByName, accountByUid, groupByName, localAccounts, type Account } from '../identity/accounts.ts';
import type { Policy } from '../policy/policy.ts';

/** Somebody by whom, or as whom, pm2 is typed. */
export interface ProbedUser {
  account: Account;
  /** Has a shell to log in with: everybody else is reached by sudo, su, cron and units only. */
  login: boolean;
  /** Accounts of the daemons that this person looks after, his own left out. */
  looksAfter: Account[];
}

export interface ProbedUsers {
  people: ProbedUser[];
  /** Whom the config means, and who is not looked at: each a line of why. */
  left: string[];
}

/** A group of a directory server may have thousands of members, who are alike. */
const OF_A_GROUP = 5;

/**
 * Root, the users of the daemons, and their operators, each once; of a group its first members.
 *
 * @param chosen login names that are looked at instead; null: all of these
 */
export function peopleOf({ daemons }: Policy, chosen: readonly string[] | null): ProbedUsers {
  const left: string[] = [];
  const found = new Map<number, ProbedUser>();
  const add = (account: Account | null, owner: Account | null = null): void => {
    if (account === null) return;
    const person = found.get(account.uid) ?? { account, login: logsIn(account), looksAfter: [] };
    if (owner !== null && owner.uid !== account.uid && !person.looksAfter.some(({ uid }) => uid === owner.uid))
      person.looksAfter.push(owner);
    found.set(account.uid, person);
  };
  const root = accountByUid(0);
  add(root);
  for (const { user, operators } of daemons) {
    const owner = accountByName(user);
    add(owner);
    add(root, owner); // by sudo -u, and by su
    for (const operator of operators) {
      const names = operator.startsWith('%') ? membersOf(operator.slice(1)) : [operator];
      if (names.length > OF_A_GROUP)
        left.push(
          `${operator} has ${names.length} members: only ${names.slice(0, OF_A_GROUP).join(', ')} are looked at ` +
            '(--user NAME looks at others)',
        );
      for (const name of names.slice(0, OF_A_GROUP)) add(accountByName(name), owner);
    }
  }
  for (const name of chosen ?? []) add(accountByName(name));
  const people = [...found.values()].filter(({ account }) => chosen === null || chosen.includes(account.name));
  return { people, left: [...new Set(left)] };
}

/** The caller alone. */
export function onlyCaller(account: Account | null, policy: Policy): ProbedUsers {
  if (account === null) return { people: [], left: ["the caller's own ways: this uid has no account"] };
  const { people } = peopleOf(policy, [account.name]);
  return { people, left: ['the ways of everybody else, which only root can try:  sudo pm2-guard verify'] };
}

/** The listed members, then those whose primary group it is. */
function membersOf(name: string): string[] {
  const group = groupByName(name);
  if (group === null) return [];
  return [
    ...new Set([
      ...group.members,
      ...localAccounts()
        .filter(({ gid }) => gid === group.gid)
        .map((account) => account.name),
    ]),
  ];
}

/** An account with a shell that runs commands; not nologin(8) and its like. */
export function logsIn({ shell }: Account): boolean {
  return !/\/(nologin|false|true|sync|halt|shutdown)$/.test(shell) && existsSync(shell);
}
