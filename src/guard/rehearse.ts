import { inheritedDescriptors } from '../identity/descriptors.ts';
import { ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { RESERVED } from '../policy/names.ts';
import { asPosix, asUid } from '../runtime/brands.ts';
import type { Caller } from '../verdict/caller.ts';
import { decide } from '../verdict/decide.ts';
import type { Evidence } from '../verdict/verdict.ts';
import { guard } from './guard.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { loggingShellArguments, loggerHere } from './record.ts';
import { BLOCKED } from './refuse.ts';
import { blockLines, rewriteLines } from './report.ts';
import { callerOf, realpathsOf } from '../call/caller-of.ts';
import { variablesFor } from './variables.ts';

/** The most frequent calls. Each kept kB costs every call 8 µs, so only a few. */
const CALLS = ['restart app-that-is-not-there', 'jlist'];

/** Runs a made-up call up to its last step, for src/bin/warm.ts: V8 keeps only code that has run. */
export async function rehearse(): Promise<void> {
  rehearseVerdicts();
  await rehearseBlock();
}

/** This name is blocked for all users in every mode, and not recorded (PG108). */
async function rehearseBlock(): Promise<void> {
  process.argv.splice(2, Infinity, 'restart', `${RESERVED}rehearsal`);
  await guard();
  process.exitCode = 0;
}

function rehearseVerdicts(): void {
  const euid = asPosix(process).geteuid();
  const loaded = loadPolicy({ env: process.env, euid: null, rootBySudo: false });
  if (loaded.type !== 'policy') return;
  const { policy } = loaded;
  realPm2(euid, policy);
  const caller = callerOf(process.env, euid, 7, '/', policy);
  for (const line of CALLS) rehearseCall(line, caller, policy);
  const owner = { user: 'www-data', homeDirectory: '/var/www', shell: '/bin/sh' };
  inheritedDescriptors();
  const starting = interpret(['start', 'app'], { major: 7, env: process.env, cwd: '/' });
  ownersEnvironment(variablesFor(owner, starting, caller).variables, owner, SYSTEM_PATH);
}

function rehearseCall(line: string, caller: Caller, policy: Policy): void {
  const invocation: Invocation = interpret(line.split(' '), { major: 7, env: process.env, cwd: '/' });
  const evidence: Evidence = {
    realpaths: realpathsOf(invocation),
    files: new Map(),
    sights: [],
    own: { state: 'none', user: null, apps: [] },
  };
  for (const mode of ['block', 'rewrite'] as const) {
    // Every daemon gets another owner, so that the call is blocked.
    const strange = {
      ...policy,
      daemons: policy.daemons.map((daemon) => ({ ...daemon, mode, uid: asUid(daemon.uid + 1) })),
    };
    const verdict = decide(invocation, caller, strange, evidence);
    if (verdict.type === 'block') {
      blockLines(verdict, invocation);
      const { code: rule, daemon: owner } = verdict;
      loggerHere();
      loggingShellArguments(
        BLOCKED,
        { outcome: 'block', caller, owner, argv: invocation.argv, rule },
        '/usr/bin/logger',
      );
    }
    if (verdict.type === 'rewrite') rewriteLines(verdict, invocation, caller, policy);
  }
}
