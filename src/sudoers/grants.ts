import type { Daemon } from '../policy/policy.ts';
import { NO_UID, type Uid } from '../runtime/brands.ts';
import { rule, sudoersWord } from './line.ts';

export interface Known {
  name: string;
  id: number;
  /** sudo could confuse it with another name: it ignores case (sudoers(5) case_insensitive_user). */
  twin: boolean;
}

export interface GrantedUsers {
  user(name: string): Known | null;
  group(name: string): Known | null;
}

export interface Grantee {
  name: string;
  /** As written in sudoers. */
  word: string;
}

export interface Grant {
  user: string;
  runas: string;
  /** Only daemons with operators. */
  daemons: string[];
  root: boolean;
  /** Users first, then groups, sorted. */
  operators: Grantee[];
  /** Operators without a rule, each with the reason. */
  left: string[];
}

/** The rights for each daemon user. Does not depend on the order of the config. */
export function grantsOf(daemons: readonly Daemon[], people: GrantedUsers): Grant[] {
  const ofUid = new Map<Uid, Daemon[]>();
  for (const daemon of daemons)
    if (daemon.operators.length > 0) ofUid.set(daemon.uid, [...(ofUid.get(daemon.uid) ?? []), daemon]);
  return [...ofUid.values()]
    .map((own) => grantOf([...own].sort(by(({ name }) => name)), people))
    .sort(by(({ user }) => user));
}

function grantOf(daemons: readonly Daemon[], people: GrantedUsers): Grant {
  const [{ user, uid } = { user: '', uid: NO_UID }] = daemons;
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
  // % sorts before letters, but groups come last.
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

function add({ operators }: Grant, grantee: Grantee): void {
  if (!operators.some(({ word }) => word === grantee.word)) operators.push(grantee);
}

/** The name if it is unambiguous in sudoers; otherwise the number. */
function wordOf({ name, id, twin }: Known, percent: '%' | ''): string {
  const word = twin || /^[%#]/.test(name) ? null : sudoersWord(percent + name);
  return word ?? `${percent}#${id}`;
}

/** Null without operators. */
export function ruleOf({ operators, runas }: Grant): string | null {
  return operators.length === 0
    ? null
    : rule(
        operators.map(({ word }) => word),
        runas,
      );
}

/** For a comment: one line of printable ASCII. */
export function quoted(name: string): string {
  if (/^[\w.@%/-]+$/.test(name)) return name;
  return JSON.stringify(name).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function by<Item>(key: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
