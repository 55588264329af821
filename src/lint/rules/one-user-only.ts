import type { Judged } from '../judge.ts';
import type { RuleFinding, LintRule } from './rule.ts';

/** PL003: for each file that names no user, the users it is right for. */
export const oneUserOnly: LintRule = {
  code: 'PL003',
  trap: 'T01',
  severity: 'risky',
  page: {
    title: 'right for one user alone',
    problematic: '#!/bin/sh\npm2 reload myapp                # right for www-data; wrong for all others, root included',
    correct: 'sudo -u www-data pm2 reload myapp',
    why: 'The file does not say who runs it. Run by another user, it reaches another daemon.',
    exceptions: 'Say who runs the file: `# pm2-guard: run-as www-data` in it, or --as www-data.',
  },
  check: ({ calls }) => {
    const byOwner = new Map<string, Judged[]>();
    for (const call of calls) {
      if (call.judgement.kind !== 'right for') continue;
      const key = call.judgement.daemon.name;
      byOwner.set(key, [...(byOwner.get(key) ?? []), call]);
    }
    return [...byOwner.values()].flatMap((group): RuleFinding[] => {
      const distinct = group.filter((call, index) => group.findIndex(({ start }) => start === call.start) === index);
      const [first, ...others] = distinct;
      if (first?.judgement.kind !== 'right for') return [];
      const { daemon } = first.judgement;
      const amount = distinct.length === 1 ? 'this call' : `${distinct.length} calls, the first of them here`;
      return [
        {
          at: first,
          severity: 'risky',
          also: others,
          why: `right for ${daemon.user} alone (daemon ${daemon.name}): ${amount}. The file does not say who runs it`,
          instead: `sudo -u ${daemon.user} pm2 ...`,
        },
      ];
    });
  },
};
