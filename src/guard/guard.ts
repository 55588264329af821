import { existsSync, readSync } from 'node:fs';
import { isRootBySudo } from '../identity/caller.ts';
import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { isReserved } from '../policy/reserved.ts';
import { WISHES } from '../seal/wishes.ts';
import type { Caller } from '../verdict/caller.ts';
import { insteadOf, phrase } from '../verdict/decide.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { CannotCarryOut, carryOutPass, carryOutRewrite } from './carry-out.ts';
import { judge, type Judged } from './gather.ts';
import { doorOfThisCall } from './door.ts';
import { answerVerify } from './guard-verify.ts';
import { hintAfterwards } from './hint.ts';
import { HOP } from './hop.ts';
import { installRecord, LIBRARY } from './installation.ts';
import { realPm2 } from './real-pm2.ts';
import { record } from './record.ts';
import { block, endWithoutPm2, endWithoutPolicy } from './refuse.ts';
import { renewPrepared } from './renew-prepared.ts';
import { sealedAgain } from './renew-seal.ts';
import { observeLines, rewriteLines, say, unknownVersionLines } from './report.ts';
import { callerOf, workingDirectory } from './surroundings.ts';
import { becomeThroughSudo, refusalLines, refusalOf } from './through-sudo.ts';
import { goWithoutPolicy } from './without-policy.ts';

/** One call, understood: what is asked, by whom, of which pm2, and what follows. */
interface Case extends Judged {
  invocation: Invocation;
  caller: Caller;
  real: InstalledPm2;
}

/** One call of pm2 on its way through the house: config, command line, caller, verdict; then become pm2, or refuse. */
export async function guard(): Promise<void> {
  const { argv, decided } = unwrapHop(process.argv.slice(2));
  const euid = process.geteuid?.() ?? -1;
  if (argv[0] === 'guard-verify') {
    await answerVerify(argv.slice(1), euid);
    return;
  }
  // What verify tries is blocked even where PM2_GUARD=off, and leaves nothing behind: as nobody in particular, no policy is kept.
  const tried = argv.some(isReserved);
  const loaded = loadPolicy({ env: process.env, euid: tried ? -1 : euid, rootBySudo: isRootBySudo(euid, process.env) });
  const off = process.env['PM2_GUARD'] === 'off' && !tried;

  if (loaded.type === 'unusable') {
    const allowed = off && euid === 0 ? 'off' : loaded.onError;
    // The owner of a call that came through sudo is known by name only, and nobody can tell what that stands for.
    if (allowed === 'closed' || decided !== null || tried) endWithoutPolicy(loaded.error);
    else goWithoutPolicy(argv, euid, allowed === 'open' ? loaded.error : null);
    return;
  }
  const real = realPm2(euid, loaded.policy);
  say(loaded.warnings.flatMap((warning) => `pm2-guard: ${warning}`.split('\n')));
  if (real.type !== 'found') {
    endWithoutPm2(real);
    return;
  }
  const door = doorOfThisCall();
  if (door !== null && real.bin !== door) say([`pm2-guard: root does not run ${door}, which others can change; ${real.bin} runs instead`]);
  if (euid === 0 && !tried && real.original === null && existsSync(WISHES)) real.original = sealedAgain(real);
  if (off && decided === null && bypassed(argv, euid, real, loaded.policy)) return;

  if (decided !== null) settle(decided, loaded.policy);
  const one = await understand(argv, euid, real, loaded.policy);
  if (euid === 0 && one.verdict.type !== 'block') renewPrepared(one.real);
  try {
    carryOut(one, loaded.policy, decided !== null);
  } catch (error) {
    if (!(error instanceof CannotCarryOut)) throw error;
    const { code, message, details } = error;
    block({ type: 'block', code, reason: `${phrase(one.invocation)}: ${message}`, rule: null, daemon: null, details, run: [] }, one.caller, argv);
  }
}

function carryOut({ verdict, invocation, caller, real, stdin, sights }: Case, policy: Policy, secondHop: boolean): void {
  const call = { ...real, argv: invocation.argv, stdin };
  if (invocation.scope === 'app' && verdict.type !== 'block' && verdict.daemon) hintAfterwards(invocation, caller, verdict.daemon, policy, sights);
  switch (verdict.type) {
    case 'pass':
      if (verdict.report) {
        say(observeLines(verdict));
        record({ outcome: 'observed', caller, owner: verdict.daemon, argv: invocation.argv, rule: verdict.code });
      }
      carryOutPass(call, caller, verdict.daemon);
      return;
    case 'rewrite':
      if (verdict.switch && caller.uid !== 0) {
        becomeByAsking(verdict, invocation, caller, policy, { secondHop, stdin });
        return;
      }
      carryOutRewrite(verdict, invocation, caller, call, () => {
        say([...unknownVersionLines(real), ...rewriteLines(verdict, invocation)]);
        // Now, and not while pm2 waits for its daemon: a fork of the grown process takes 5 ms and not 2, and the answer is there at once.
        record({ outcome: 'rewrite', caller, owner: verdict.daemon, argv: invocation.argv, rule: placeOf(verdict, policy) });
      });
      return;
    case 'block':
      say(unknownVersionLines(real));
      block(verdict, caller, invocation.argv);
      return;
  }
}

/** Only root becomes another user without asking; everybody else asks sudo. */
function becomeByAsking(verdict: Rewrite, invocation: Invocation, caller: Caller, policy: Policy, { secondHop, stdin }: { secondHop: boolean; stdin: Buffer | null }): void {
  const refusal = secondHop ? 'second hop' : refusalOf(verdict.daemon, verdict.argv);
  if (refusal !== null) {
    const instead = insteadOf(verdict, invocation, caller, policy);
    block({ ...instead, details: [...instead.details, ...refusalLines(refusal, verdict.daemon, caller)] }, caller, invocation.argv);
    return;
  }
  record({ outcome: 'rewrite', caller, owner: verdict.daemon, argv: invocation.argv, rule: placeOf(verdict, policy) });
  say(rewriteLines(verdict, invocation));
  becomeThroughSudo(verdict, invocation, caller, stdin);
}

function placeOf({ rule, daemon }: Rewrite, policy: Policy): string {
  return `${policy.file}:${rule?.line ?? daemon.line}`;
}

/** The words of a call that was re-entered through sudo, and the daemon that was decided on before. */
function unwrapHop(argv: readonly string[]): { argv: readonly string[]; decided: string | null } {
  const [first = ''] = argv;
  return first.startsWith(HOP) ? { argv: argv.slice(1), decided: first.slice(HOP.length) } : { argv, decided: null };
}

/**
 * What was decided before the hop counts as if PM2_HOME named it, which sudo's env_reset took away. Anybody may type the
 * word: it chooses among the caller's own declared daemons, as PM2_HOME would, and nothing else.
 */
function settle(decided: string, policy: Policy): void {
  const daemon = policy.daemons.find(({ name, uid }) => name === decided && uid === process.geteuid?.());
  if (daemon) process.env['PM2_HOME'] = daemon.home;
}

/** The daemon's pinned pm2 may speak another grammar than the host's: then the same words are read once more. */
async function understand(argv: readonly string[], euid: number, real: InstalledPm2, policy: Policy): Promise<Case> {
  const first = await judgeWith(argv, euid, real, policy);
  const pin = first.verdict.type === 'block' ? null : first.verdict.daemon?.pm2 ?? null;
  const wanted = pin ?? hostsOwn(first);
  if (wanted === null || wanted === real.bin || wanted === real.file) return first;
  const pinned = findRealPm2({ recorded: wanted, path: undefined, skip: [LIBRARY], asRoot: false });
  if (pinned.type !== 'found') return pin === null ? first : { ...first, verdict: noSuchPin(first, pin) };
  return pinned.major === real.major ? { ...first, real: pinned } : judgeWith(argv, euid, pinned, policy);
}

/** Root's door may be below /root/.nvm, where the owner cannot go: the host's pm2 runs what root hands to another user. */
function hostsOwn({ verdict }: Case): string | null {
  return doorOfThisCall() !== null && verdict.type === 'rewrite' && verdict.switch ? installRecord()?.pm2 ?? null : null;
}

async function judgeWith(argv: readonly string[], euid: number, real: InstalledPm2, policy: Policy): Promise<Case> {
  const cwd = workingDirectory();
  const caller = callerOf(process.env, euid, real.major, cwd, policy);
  const invocation = interpret(argv, { major: real.major, env: process.env, cwd: cwd ?? '/' });
  return { invocation, caller, real, ...await judge(invocation, caller, policy, { major: real.major, env: process.env, readStdin }) };
}

/** All of standard input; a pipe that somebody made non-blocking is waited for. */
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
      if (code === 'EOF') return Buffer.concat(chunks); // Windows' word, and libuv's for a closed terminal
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function noSuchPin({ invocation, verdict }: Case, pin: string): Case['verdict'] {
  return {
    type: 'block', code: 'PG302', rule: null, daemon: verdict.daemon, run: [],
    reason: `${phrase(invocation)}: the pm2 pinned for daemon ${verdict.daemon?.name ?? ''} is no pm2: ${pin}`,
    details: ['put right `pm2:` in the config, then: sudo pm2-guard check'],
  };
}

/** `PM2_GUARD=off`: untouched, but recorded, for those the policy allows it. False: not allowed, the call goes on guarded. */
function bypassed(argv: readonly string[], euid: number, real: InstalledPm2, policy: Policy): boolean {
  const caller = callerOf(process.env, euid, real.major, workingDirectory(), policy);
  if (policy.bypass === 'nobody' || (policy.bypass === 'root' && euid !== 0)) {
    say([`pm2-guard: PM2_GUARD=off is not for ${caller.user} here (bypass: ${policy.bypass}, ${policy.file})`]);
    return false;
  }
  record({ outcome: 'bypass', caller, argv, rule: 'PM2_GUARD=off' });
  carryOutPass({ ...real, argv, stdin: null }, null, null);
  return true;
}
