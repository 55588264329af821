import type { Daemon } from '../policy/policy.ts';
import { rule, sudoersWord } from './line.ts';

/** What sudoers has to know of a user or a group. */
export interface Known {
  name: string;
  /** uid or gid. */
  id: number;
  /**
   * sudo would take another one of this host for it: it compares names without regard to case (sudoers(5)
   * case_insensitive_user).
   */
  twin: boolean;
}

/** The accounts of this host. */
export interface GrantedUsers {
  /** null: there is none. */
  user(name: string): Known | null;
  group(name: string): Known | null;
}

/** An operator who gets a rule. */
export interface Grantee {
  name: string;
  /** As sudoers writes it. */
  word: string;
}

/** All that is granted for one user. */
export interface Grant {
  user: string;
  runas: string;
  /** The daemons of that user that name operators. */
  daemons: string[];
  /** pm2 as root is root. */
  root: boolean;
  /** Sorted: users, then groups. */
  operators: Grantee[];
  /** Operators without a rule, each a line of why. */
  left: string[];
}

/**
 * What the `operators` of a config come to: for each user of a daemon, who may run pm2 as that user. Does not depend on
 * the order of the config.
 */
export function grantsOf(daemons: readonly Daemon[], people: GrantedUsers): Grant[] {
  const ofUid = new Map<number, Daemon[]>();
  for (const daemon of daemons)
    if (daemon.operators.length > 0) ofUid.set(daemon.uid, [...(ofUid.get(daemon.uid) ?? []), daemon]);
  return [...ofUid.values()]
    .map((own) => grantOf([...own].sort(by(({ name }) => name)), people))
    .sort(by(({ user }) => user));
}

function grantOf(daemons: readonly Daemon[], people: GrantedUsers): Grant {
  const [{ user, uid } = { user: '', uid: -1 }] = daemons;
  const account = people.user(user) ?? { name: user, id: uid, twin: true };
  const grant: Grant = {
    user,
    runas: wordOf(account, ''),
    daemons: daemons.map(({ name }) => name),
    root: uid === 0,
    operators: [],
    left: [],
  };
  const names = new Set(daemons.flatMap(({ operators }) => operators));
  // Users first, then groups: % sorts before letters.
  for (const name of [...names].sort(by((operator) => `${operator.startsWith('%') ? 1 : 0}${operator}`))) {
    const group = name.startsWith('%');
    const known = group ? people.group(name.slice(1)) : people.user(name);
    if (known === null) grant.left.push(`${quoted(name)}: there is no such ${group ? 'group' : 'user'}`);
    else if (!group && known.id === uid) grant.left.push(`${quoted(name)}: is that user already`);
    else if (!group && known.id === 0) grant.left.push(`${quoted(name)}: may do that already`);
    else add(grant, { name, word: wordOf(known, group ? '%' : '') });
  }
  return grant;
}

/** Two spellings of one account are one. */
function add({ operators }: Grant, grantee: Grantee): void {
  if (!operators.some(({ word }) => word === grantee.word)) operators.push(grantee);
}

/**
 * By name where sudo can mean nobody else by it, else by number. A group that is named like a word of sudoers is
 * taken by number, too.
 */
function wordOf({ name, id, twin }: Known, percent: '%' | ''): string {
  const word = twin || /^[%#]/.test(name) ? null : sudoersWord(percent + name);
  return word ?? `${percent}#${id}`;
}

/** The rule of a grant; null where nobody gets one. */
export function ruleOf({ operators, runas }: Grant): string | null {
  return operators.length === 0
    ? null
    : rule(
        operators.map(({ word }) => word),
        runas,
      );
}

/** A name in a comment: one line of printable ASCII, whatever it holds. */
export function quoted(name: string): string {
  if (/^[\w.@%/-]+$/.test(name)) return name;
  return JSON.stringify(name).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function by<Item>(key: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
