import { interpret } from '../pm2/interpret.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { EX_CONFIG, UserError } from '../terminal/user-error.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { judge } from './gather.ts';
import { realPm2 } from './real-pm2.ts';
import { blockLines } from './report.ts';
import { callerOf, workingDirectory } from './surroundings.ts';

/** A command line, understood: who ends up calling pm2, in which environment, with which words (src/sudo/typed.ts). */
export interface Typed {
  uid: number;
  env: NodeJS.ProcessEnv;
  argv: string[];
}

/** What would follow, as `explain --json` prints it (PRODUCT section 6). */
export interface Explanation {
  verdict: Verdict['type'];
  code: string;
  reason: string;
  /** `file:line` of the rule that decides; null: none does. */
  rule: string | null;
  daemon: string | null;
  user: string;
  home: string;
  caller: { user: string; home: string; login: string | null };
  invocation: { command: string | null; scope: string; targets: string[]; starts: string[] };
  /** What would be run, as words; empty for a block. */
  exec: string[];
  /** For a block: the lines that would be shown; else empty. */
  message: string[];
  warnings: string[];
}

/**
 * The verdict on a command line without acting on it: no pm2 is run, nothing is written, standard input is left alone.
 *
 * @throws UserError where there is no usable config or no real pm2
 */
export async function explain({ uid, env, argv }: Typed): Promise<Explanation> {
  const euid = process.geteuid?.() ?? -1;
  const loaded = loadPolicy({ env: process.env, euid, rootBySudo: isRootBySudo(euid, process.env) });
  if (loaded.type === 'unusable') throw new UserError(`the config cannot be used\n${formatConfigError(loaded.error)}`, 'sudo pm2-guard check', EX_CONFIG);
  const { policy } = loaded;
  const real = realPm2(euid, policy);
  if (real.type !== 'found') throw new UserError('there is no real pm2 on this host', 'sudo npm install -g pm2 && sudo pm2-guard install', 127);

  const cwd = workingDirectory();
  const caller = callerOf(env, uid, real.major, cwd, policy);
  const invocation = interpret(argv, { major: real.major, env, cwd: cwd ?? '/' });
  const { verdict } = await judge(invocation, caller, policy, { major: real.major, env, readStdin: null });
  const { daemon } = verdict;
  const landing = verdict.type === 'pass' ? caller : daemon;
  return {
    verdict: verdict.type,
    code: verdict.code,
    reason: verdict.reason,
    rule: verdict.rule ? `${policy.file}:${verdict.rule.line}` : null,
    daemon: daemon?.name ?? null,
    user: landing?.user ?? caller.user,
    home: landing?.home ?? caller.home,
    caller: { user: caller.user, home: caller.home, login: caller.login },
    invocation: {
      command: invocation.command,
      scope: invocation.scope,
      targets: invocation.targets.map((target) => target.word),
      starts: invocation.starts.map((start) => start.name).filter((name) => name !== null),
    },
    exec: execOf(verdict, invocation, caller, daemon?.pm2 ?? real.bin),
    message: verdict.type === 'block' ? blockLines(verdict) : [],
    warnings: loaded.warnings,
  };
}

/** As one would type it: root's switch happens in process, and `sudo -u` says the same. */
function execOf(verdict: Verdict, invocation: Invocation, caller: Caller, bin: string): string[] {
  switch (verdict.type) {
    case 'pass':
      return [bin, ...invocation.argv];
    case 'rewrite':
      if (invocation.startup) return [bin, ...verdict.argv];
      return [...commandFor(verdict.daemon, { ...caller, overrides: [] }, verdict.argv, bin)];
    case 'block':
      return [];
  }
}
