import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import type { Suggestion } from './verdict.ts';

/** What to type so that a call lands in `daemon`: as words, quoted only where they are shown. */
export function commandFor(daemon: Daemon, caller: Caller, argv: readonly string[], pm2 = 'pm2'): Suggestion {
  const call = [`PM2_HOME=${daemon.home}`, pm2, ...argv];
  if (caller.uid === daemon.uid) return caller.overrides.length === 0 ? call : ['env', ...caller.overrides.flatMap((name) => ['-u', name]), ...call];
  return ['sudo', '-u', daemon.user, ...call];
}

/**
 * The words of a call with only some of its things: targets that are not in `keep` are left out; where the things came from
 * one process file, `--only` picks them.
 */
export function withoutTargets(invocation: Invocation, keep: readonly string[], all: readonly string[]): readonly string[] {
  const drop = new Set(all.filter((what) => !keep.includes(what)));
  const words = invocation.targets.map((target) => target.word);
  const typed = [...drop].filter((what) => words.includes(what));
  const rest = invocation.argv.filter((word) => !typed.includes(word));
  const fromFile = keep.filter((what) => !words.includes(what));
  return fromFile.length > 0 && invocation.targets.some((target) => target.kind === 'file' || target.kind === 'stdin')
    ? [...rest, '--only', fromFile.join(',')]
    : rest;
}
