import type { VerifyFinding } from './finding.ts';

export interface Fold extends Pick<VerifyFinding, 'state' | 'answers' | 'path' | 'version' | 'why' | 'cures'> {
  way: string;
  /** `root as alice, ops` for calls as other users. */
  users: string[];
}

/** Merges findings that differ only in names. */
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
