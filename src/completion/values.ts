import { localAccounts } from '../identity/accounts.ts';
import { vocabulary } from '../pm2/grammar.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import type { CompletionCandidate, Values } from './candidates.ts';

/** Values of other placeholders, such as the codes that can be explained. */
export type Further = Readonly<Record<string, readonly CompletionCandidate[]>>;

/** The values of this host, from the config and /etc/passwd. It only reads; unreadable sources yield no values. */
export function valuesOfHost(further: Further): Values {
  return (placeholder, before, dashes) => {
    switch (placeholder) {
      case 'app':
      case 'apps':
        return apps();
      case 'daemon':
        return daemons();
      case 'user':
        return users();
      case 'where':
        return [...daemons(), ...users()];
      case 'words':
        return dashes ? wordsOfPm2(before) : (further[placeholder] ?? []);
      default:
        return further[placeholder] ?? [];
    }
  };
}

function policy(): Policy | null {
  // Without a real uid, so that nothing is cached and only the host's config is used.
  const loaded = loadPolicy({ env: {}, euid: null, rootBySudo: false }, () => slow);
  return loaded.type === 'policy' ? loaded.policy : null;
}

function apps(): CompletionCandidate[] {
  const rules = policy()?.namesMatching(() => true) ?? [];
  return [
    ...new Map(rules.map(({ pattern, daemon }) => [pattern, { word: pattern, about: `daemon ${daemon}` }])).values(),
  ];
}

function daemons(): CompletionCandidate[] {
  return policy()?.daemons.map(({ name, user, pm2Home }) => ({ word: name, about: `${user} in ${pm2Home}` })) ?? [];
}

/** Users who can log in or who run a daemon. */
function users(): CompletionCandidate[] {
  const owners = policy()?.daemons.map(({ user }) => user) ?? [];
  const people = localAccounts()
    .filter(({ shell }) => !/\/(nologin|false|sync)$/.test(shell))
    .map(({ name }) => name);
  return [...new Set([...owners, ...people])]
    .sort()
    .map((word) => ({ word, about: owners.includes(word) ? 'runs a daemon' : '' }));
}

/** A pm2 command line, perhaps after sudo: `sudo pm2 restart myapp`. */
function wordsOfPm2(before: readonly string[]): CompletionCandidate[] {
  const pm2 = before.findIndex((word) => /(^|\/)pm2$/.test(word));
  if (pm2 < 0) return [...(before.length === 0 ? ['sudo'] : []), 'pm2'].map((word) => ({ word, about: '' }));
  if (before.slice(pm2 + 1).some((word) => !word.startsWith('-'))) return apps();
  const { commands, aliases } = vocabulary(7);
  return [...commands, ...aliases]
    .filter((word) => word !== '*')
    .sort()
    .map((word) => ({ word, about: '' }));
}
