import { workingDirectory } from '../call/caller-of.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { resolveCall, type AskSudo, type ResolvedCall } from '../call/resolve-call.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { EX_CONFIG, UserError } from '../terminal/user-error.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { askSudo } from './ask-sudo.ts';
import { blockLines } from './report.ts';

/** A command line, understood: who ends up calling pm2, in which environment, with which words (src/sudo/typed.ts). */
export interface Typed {
  uid: number;
  env: NodeJS.ProcessEnv;
  argv: string[];
}

/** What would follow, as `explain --json` prints it (docs/contract.md section 6). */
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
 * The verdict on a command line by the very code that acts: no pm2 is run, nothing is written, no process file is
 * evaluated, standard input is left alone.
 *
 * @throws UserError where there is no usable config or no real pm2
 */
export async function explain({ uid, env, argv }: Typed): Promise<Explanation> {
  const euid = process.geteuid?.() ?? -1;
  const loaded = loadPolicy({ env: process.env, euid: -1, rootBySudo: isRootBySudo(euid, process.env) });
  if (loaded.type === 'unusable')
    throw new UserError(
      `the config cannot be used\n${formatConfigError(loaded.error)}`,
      'sudo pm2-guard check',
      EX_CONFIG,
    );
  const real = realPm2(euid, loaded.policy);
  if (real.type !== 'found')
    throw new UserError('there is no real pm2 on this host', 'sudo npm install -g pm2 && sudo pm2-guard install', 127);
  const call = await resolveCall({
    argv,
    env,
    uid,
    cwd: workingDirectory(),
    policy: loaded.policy,
    pm2: real,
    readStdin: null,
    evaluate: false,
    askSudo: askFor(uid, euid),
  });
  return told(call, [...loaded.warnings, ...notesOn(call, uid, euid)]);
}

/** Sudo answers for its caller, and for others only to root. */
function askFor(uid: number, euid: number): AskSudo | null {
  return uid === euid || euid === 0 ? askSudo({ hopped: false, acts: false }) : null;
}

function notesOn({ unread, verdict, caller, evidence }: ResolvedCall, uid: number, euid: number): string[] {
  const notes = unread.map(
    (word) => `${word} is code, and explain runs none: a real call evaluates it, and may know more of its apps`,
  );
  if (evidence.own?.state === 'unknown')
    notes.push(`what lives in ${caller.user}'s own daemon cannot be seen from here: as root, explain knows it`);
  if (verdict.type === 'rewrite' && verdict.switch && uid !== 0 && uid !== euid && euid !== 0) {
    notes.push(`whether sudo lets ${caller.user} become ${verdict.daemon.user} only ${caller.user} and root can learn`);
  }
  return notes;
}

function told(call: ResolvedCall, warnings: string[]): Explanation {
  const { verdict, invocation, caller, policy } = call;
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
    exec: execOf(call),
    message: verdict.type === 'block' ? blockLines(verdict, invocation) : [],
    warnings,
  };
}

/** As one would type it: root's switch happens in process, and `sudo -u` says the same. */
function execOf({ verdict, invocation, caller, pm2 }: ResolvedCall): string[] {
  switch (verdict.type) {
    case 'pass':
      return [pm2.bin, ...invocation.argv];
    case 'rewrite':
      if (verdict.code === 'PG107') return [pm2.bin, ...verdict.argv];
      return [...commandFor(verdict.daemon, { ...caller, overrides: [] }, verdict.argv, pm2.bin)];
    case 'block':
      return [];
  }
}
