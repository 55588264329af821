import { existsSync } from 'node:fs';
import { accountByName, accountByUid, groupByName, membersOf, type Account } from '../identity/accounts.ts';
import type { Policy } from '../policy/policy.ts';
import { asUid, type Uid } from '../runtime/brands.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';

export interface ProbedUser {
  account: Account;
  /** False: reached only by sudo, su, cron and units. */
  login: boolean;
  /** Users of the daemons that this operator may use, except the operator. */
  looksAfter: Account[];
}

export interface ProbedUsers {
  people: ProbedUser[];
  left: string[];
}

/** Groups of a directory server may have thousands of similar members. */
const OF_A_GROUP = 5;

/** @param chosen null: root, the users of the daemons, and their operators */
export function peopleOf({ daemons }: Policy, chosen: readonly string[] | null): ProbedUsers {
  const left: string[] = [];
  const found = new Map<Uid, ProbedUser>();
  const add = (account: Account | null, owner: Account | null = null): void => {
    if (account === null) return;
    const person = found.get(account.uid) ?? { account, login: logsIn(account), looksAfter: [] };
    if (owner !== null && owner.uid !== account.uid && !person.looksAfter.some(({ uid }) => uid === owner.uid))
      person.looksAfter.push(owner);
    found.set(account.uid, person);
  };
  const root = accountByUid(asUid(0));
  add(root);
  for (const { user, operators } of daemons) {
    const owner = accountByName(user);
    add(owner);
    add(root, owner); // by sudo -u, and by su
    for (const operator of operators) {
      const names = namesOf(operator);
      if (names.length > OF_A_GROUP)
        left.push(
          `${operator} has ${names.length} members: only ${names.slice(0, OF_A_GROUP).join(', ')} are looked at ` +
            '(--user NAME looks at others)',
        );
      for (const name of names.slice(0, OF_A_GROUP)) add(accountByName(name), owner);
    }
  }
  const chosenUids = chosen?.map((name) => accountByName(name)?.uid); // two names may have one uid
  for (const name of chosen ?? []) add(accountByName(name));
  const people = [...found.values()].filter(({ account: { uid } }) => chosenUids?.includes(uid) ?? true);
  return { people, left: [...new Set(left)] };
}

export function onlyCaller(account: Account | null, policy: Policy): ProbedUsers {
  if (account === null) return { people: [], left: ["the caller's own ways: this uid has no account"] };
  const { people } = peopleOf(policy, [account.name]);
  const left =
    process.geteuid?.() === 0
      ? `the ways of other users, for want of setpriv(1):  ${quoteCommand(packageCommand('util-linux'))}`
      : `the ways of other users, which only root can try:  ${rootCommandLine('verify')}`;
  return { people, left: [left] };
}

function namesOf(operator: string): string[] {
  if (!operator.startsWith('%')) return [operator];
  const group = groupByName(operator.slice(1));
  return group === null ? [] : membersOf(group);
}

export function logsIn({ shell }: Account): boolean {
  return !/\/(nologin|false|true|sync|halt|shutdown)$/.test(shell) && existsSync(shell);
}
