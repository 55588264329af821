import type { VerifyFinding } from './finding.ts';

/** Findings that are the same but for a name. */
export interface Fold extends Pick<VerifyFinding, 'state' | 'answers' | 'path' | 'version' | 'why' | 'cures'> {
  /** With USER where the ways of several are told in one. */
  way: string;
  /** Who; or `root as alice, ops` where the way is from one to others. */
  users: string[];
}

/** Ways that end alike, in the order of the first of each. Where names differ, USER stands for them. */
export function fold(findings: readonly VerifyFinding[]): Fold[] {
  const groups = new Map<string, VerifyFinding[]>();
  for (const finding of findings) {
    const key = JSON.stringify(
      finding.state === 'covered' ? [finding.state, general(finding).way, finding.why] : general(finding),
    );
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const shown = group.length === 1 ? first : { ...first, ...general(first) };
    return [{ ...shown, users: usersOf(group) }];
  });
}

function usersOf(group: readonly VerifyFinding[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { user, target } of group)
    targets.set(user, [...(targets.get(user) ?? []), ...(target === null ? [] : [target])]);
  return [...targets].map(([user, as]) => (as.length === 0 ? user : `${user} as ${as.join(', ')}`));
}

function general({
  state,
  answers,
  way,
  user,
  target,
  path,
  version,
  why,
  cures,
}: VerifyFinding): Omit<VerifyFinding, 'user' | 'target'> {
  const named = (text: string): string =>
    text.replace(new RegExp(`(?<![\\w.-])${escaped(target ?? user)}(?![\\w.-])`, 'g'), 'USER');
  return {
    state,
    answers,
    version,
    way: named(way),
    path: path && named(path),
    why: why && named(why),
    cures: cures.map(named),
  };
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
