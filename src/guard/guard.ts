import { existsSync, readSync } from 'node:fs';
import { doorOfThisCall } from '../call/door.ts';
import { workingDirectory } from '../call/caller-of.ts';
import { unwrapHop } from '../call/hop.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { refusedBySudo, resolveCall, type ResolvedCall } from '../call/resolve-call.ts';
import { inputCanBePushed } from '../identity/terminal-input.ts';
import { loadPolicy } from '../policy/load.ts';
import { policyReader } from '../policy/places.ts';
import { isReserved } from '../policy/names.ts';
import { asPosix } from '../runtime/brands.ts';
import { REQUESTED_SEALS } from '../seal/requested-seals.ts';
import { mayBypass } from '../verdict/decide.ts';
import type { Pass, Rewrite } from '../verdict/verdict.ts';
import { answerByItself } from './answer.ts';
import { askSudo, refusalLines } from './ask-sudo.ts';
import { enterDaemon, replaceLost, withDeclared, withSudosConfig } from './behind-sudo.ts';
import { stoppedDaemonOf, bringUp, bringUpThroughSudo } from './bring-up.ts';
import { carryOutPass, carryOutRewrite, type RewrittenCall } from './carry-out.ts';
import { answerVerify } from './guard-verify.ts';
import { hintAfterwards } from './hint.ts';
import { callInNewSession } from './new-session.ts';
import { record } from './record.ts';
import { block, endWithError, endWithoutPm2, endWithoutPolicy } from './refuse.ts';
import { renewPrepared } from './renew-prepared.ts';
import { sealedAgain } from './renew-seal.ts';
import { mayNotify, passLines, rewriteLines, say, unknownVersionLines } from './report.ts';
import { traceLines } from './trace.ts';
import { becomeThroughSudo } from './through-sudo.ts';
import { withUnit } from './update-in-unit.ts';
import { goWithoutPolicy } from './without-policy.ts';

/** Set by sudo(8), run0(1), doas(1) and pkexec(1). */
const ON_BEHALF = ['SUDO_UID', 'DOAS_USER', 'PKEXEC_UID'];

export async function guard(): Promise<void> {
  const { argv, decided, kept } = unwrapHop(process.argv.slice(2));
  const euid = asPosix(process).geteuid();
  if (argv[0] === 'guard-verify') {
    await answerVerify(argv.slice(1), euid);
    return;
  }
  // A test call of verify must leave no policy behind.
  const tried = argv.some(isReserved);
  // A user's own compiled policy must not decide a call that another user makes by sudo.
  const others = euid !== 0 && (decided !== null || ON_BEHALF.some((name) => process.env[name] !== undefined));
  const loaded = loadPolicy({ ...policyReader(), euid: tried || others ? null : euid });
  const off = process.env['PM2_GUARD'] === 'off' && !tried;

  if (loaded.type === 'unusable') {
    const allowed = off && euid === 0 ? 'off' : loaded.onError;
    // A call through sudo knows its daemon by name only, so it needs a config.
    if (allowed === 'closed' || decided !== null || tried) endWithoutPolicy(loaded.error);
    else goWithoutPolicy(argv, euid, allowed === 'open' ? loaded.error : null);
    return;
  }
  const { policy } = loaded;
  const real = realPm2(euid, policy);
  say(loaded.warnings.flatMap((warning) => `pm2-guard: ${warning}`.split('\n')));
  if (real.type !== 'found') {
    endWithoutPm2(real, policy.file);
    return;
  }
  const door = doorOfThisCall();
  if (door !== null && real.bin !== door)
    say([`pm2-guard: root does not run ${door}, which others can change; ${real.bin} runs instead`]);
  if (euid === 0 && !tried && real.original === null && existsSync(REQUESTED_SEALS)) real.original = sealedAgain(real);
  if (decided !== null) enterDaemon(decided, policy);
  const call = await resolveCall({
    argv,
    env: process.env,
    uid: euid,
    cwd: workingDirectory(),
    policy,
    pm2: real,
    readStdin,
    evaluate: true,
    askSudo: askSudo({ hopped: decided !== null, acts: true }),
  });
  if (process.env['PM2_GUARD_DEBUG'] === '1') say(traceLines(call));
  if (off && decided === null && !mayBypass(call.caller, policy)) {
    say([`pm2-guard: PM2_GUARD=off is not for ${call.caller.user} here (bypass: ${policy.bypass}, ${policy.file})`]);
  }
  if (kept.length > 0) replaceLost(kept, call);
  call.verdict = withUnit(call, decided !== null);
  call.verdict = decided === null ? withSudosConfig(call) : withDeclared(decided, call);
  if (euid === 0 && call.verdict.type !== 'block') renewPrepared(call.pm2);
  try {
    await carryOut(call, decided !== null);
  } catch (error) {
    endWithError(error, call.caller, call.invocation);
  }
}

async function carryOut(call: ResolvedCall, hopped: boolean): Promise<void> {
  const { verdict, invocation, caller, owner, pm2, stdin } = call;
  const what: RewrittenCall = {
    ...pm2,
    argv: invocation.argv,
    stdin,
    invocation,
    hopped,
    throughSudo: (rewrite) => {
      goThroughSudo(rewrite, call, hopped);
    },
    daemonDown: false,
    beforeHandOff: () => {
      hintAfterwards(call);
    },
  };
  switch (verdict.type) {
    case 'pass':
      if (verdict.daemonless && (await answerByItself(call))) return;
      announcePass(verdict, call);
      what.daemonDown = bringUpDaemonOf(call);
      carryOutPass(what, caller, verdict);
      return;
    case 'rewrite':
      if (verdict.switch && caller.uid !== 0) {
        bringUpThroughSudo(call);
        goThroughSudo(verdict, call, hopped);
        return;
      }
      if (verdict.switch && inputCanBePushed()) {
        callInNewSession(stdin);
        return;
      }
      what.daemonDown = bringUpDaemonOf(call);
      carryOutRewrite(verdict, invocation, caller, what, () => {
        say(unknownVersionLines(pm2));
        // Recorded now, because a later fork of the larger process takes 5 ms, not 2.
        announceRewrite(verdict, call);
      });
      return;
    case 'block':
      say(unknownVersionLines(pm2));
      block({ ...verdict, daemon: owner }, caller, invocation);
      return;
  }
}

function goThroughSudo(verdict: Rewrite, call: ResolvedCall, hopped: boolean): void {
  const { invocation, caller, owner, stdin } = call;
  becomeThroughSudo(
    { verdict, invocation, caller, stdin },
    {
      started: () => {
        announceRewrite(verdict, call);
      },
      refused: () => {
        const refusal = refusalLines(verdict.daemon, caller, null);
        const asked = askSudo({ hopped, acts: true });
        const instead = refusedBySudo(call, verdict, refusal, asked);
        block({ ...instead, daemon: owner }, caller, invocation);
      },
    },
  );
}

/** Keeps a daemon with a boot unit out of the caller's session. True: the call only lists a stopped daemon. */
function bringUpDaemonOf(call: ResolvedCall): boolean {
  const daemon = stoppedDaemonOf(call);
  if (daemon === null) return false;
  bringUp(daemon, call);
  return daemon.onlyLists;
}

function announceRewrite(verdict: Rewrite, { invocation, caller, policy }: ResolvedCall): void {
  if (mayNotify(invocation, policy)) say(rewriteLines(verdict, invocation, caller, policy));
  const rule = `${policy.file}:${verdict.rule?.line ?? verdict.daemon.line}`;
  record({ outcome: 'rewrite', caller, owner: verdict.daemon, argv: invocation.argv, rule });
}

/** Only a bypass and an observed call are recorded. */
function announcePass(verdict: Pass, { invocation, caller, policy }: ResolvedCall): void {
  if (mayNotify(invocation, policy)) say(passLines(verdict));
  if (verdict.code === 'PG004') record({ outcome: 'bypass', caller, argv: invocation.argv, rule: 'PM2_GUARD=off' });
  if (verdict.report === 'observed')
    record({ outcome: 'observed', caller, owner: verdict.daemon, argv: invocation.argv, rule: verdict.code });
}

/** Waits on a non-blocking pipe. */
function readStdin(): Buffer {
  const chunks: Buffer[] = [];
  const chunk = Buffer.allocUnsafe(65_536);
  for (;;) {
    try {
      const got = readSync(0, chunk, 0, chunk.length, null);
      if (got === 0) return Buffer.concat(chunks);
      chunks.push(Buffer.from(chunk.subarray(0, got)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return Buffer.concat(chunks); // on Windows, and from libuv for a closed terminal
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
