import { realPm2 } from '../call/real-pm2.ts';
import { resolveCall, type AskSudo, type ResolvedCall } from '../call/resolve-call.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { checkLine, policyReader } from '../policy/places.ts';
import { asPosix, type Uid } from '../runtime/brands.ts';
import { installPm2Line, rootCommandLine } from '../terminal/root-command.ts';
import { EX_CONFIG, UserError } from '../terminal/user-error.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { askSudo } from './ask-sudo.ts';
import { withSudosConfig } from './behind-sudo.ts';
import { blockLines } from './report.ts';
import { withUnit } from './update-in-unit.ts';

/** A command line with its effective user and environment (src/sudo/typed.ts). */
export interface Typed {
  uid: Uid;
  env: NodeJS.ProcessEnv;
  argv: string[];
  /** Null: it is gone. */
  cwd: string | null;
}

/** docs/contract.md section 6. */
export interface Explanation {
  verdict: Verdict['type'];
  code: Verdict['code'];
  reason: string;
  /** `file:line`. Null: no rule decides. */
  rule: string | null;
  daemon: string | null;
  user: string;
  home: string;
  caller: { user: string; home: string; login: string | null };
  invocation: { command: string | null; scope: string; targets: string[]; starts: string[] };
  /** As words. Empty for a block. */
  exec: string[];
  message: string[];
  warnings: string[];
}

/** Runs no pm2 and no process file, writes nothing, reads no stdin. Throws UserError without config or real pm2. */
export async function explain({ uid, env, argv, cwd }: Typed): Promise<Explanation> {
  const euid = asPosix(process).geteuid();
  const loaded = loadPolicy(policyReader());
  if (loaded.type === 'unusable')
    throw new UserError(
      `the config cannot be used\n${formatConfigError(loaded.error)}`,
      checkLine(loaded.error.file),
      EX_CONFIG,
    );
  const real = realPm2(euid, loaded.policy);
  if (real.type !== 'found')
    throw new UserError(
      'there is no real pm2 on this host',
      `${installPm2Line()} && ${rootCommandLine('install')}`,
      127,
    );
  const call = await resolveCall({
    argv,
    env,
    uid,
    cwd,
    policy: loaded.policy,
    pm2: real,
    readStdin: null,
    evaluate: false,
    askSudo: askFor(isRootBySudo(uid, env) ? Number(env['SUDO_UID']) : uid, euid),
  });
  call.verdict = withUnit(call, false);
  call.verdict = withSudosConfig(call);
  return explanationOf(call, [...loaded.warnings, ...notesOn(call, uid, euid)]);
}

/**
 * sudo answers for its caller, and for other users only to root.
 *
 * @param typist uid of the user who types the printed commands
 */
function askFor(typist: number, euid: Uid): AskSudo | null {
  return typist === euid || euid === 0 ? askSudo({ hopped: false, acts: false }) : null;
}

function notesOn({ unread, verdict, caller, evidence }: ResolvedCall, uid: Uid, euid: Uid): string[] {
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

function explanationOf(call: ResolvedCall, warnings: string[]): Explanation {
  const { verdict, invocation, caller, policy } = call;
  const { daemon } = verdict;
  const own = { user: caller.user, pm2Home: caller.pm2Home };
  const landing = verdict.type === 'pass' ? own : (daemon ?? own);
  return {
    verdict: verdict.type,
    code: verdict.code,
    reason: verdict.reason,
    rule: verdict.rule ? `${policy.file}:${verdict.rule.line}` : null,
    daemon: daemon?.name ?? null,
    user: landing.user,
    home: landing.pm2Home,
    caller: { user: caller.user, home: caller.pm2Home, login: caller.login },
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

/** root switches in process, but a person would type `sudo -u`. */
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
