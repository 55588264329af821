import { HOP } from '../call/hop.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { workingDirectory } from '../call/caller-of.ts';
import { resolveCall } from '../call/resolve-call.ts';
import { accountByUid, type Account } from '../identity/accounts.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import type { Uid } from '../runtime/brands.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { parseSudo, shellCommand, type SudoRun } from './command-line.ts';
import { payloadEnvironment, sudoEnvironment } from './environment.ts';
import { payloadOf, type Payload } from './payload.ts';
import { isForeign } from './rewrite.ts';
import { targetAccount } from './typed.ts';
import { whichPm2, type Reach } from './which-pm2.ts';

export interface Case {
  call: SudoRun;
  payload: Payload;
  login: Account;
  target: Account;
  policy: Policy;
  invocation: Invocation;
  /** As the guard behind sudo would see it. */
  caller: Caller;
  verdict: Verdict;
  /** False: files of the target or sudoers rules could change the verdict. */
  certain: boolean;
  reach: Reach;
}

/** Null: no pm2 call, not for the guard, or not fully understood. `argv`: the arguments after `sudo`. */
export async function caseOf(argv: readonly string[], env: NodeJS.ProcessEnv, uid: Uid): Promise<Case | null> {
  const call = parseSudo(argv);
  if (call.type !== 'run' || isForeign(call)) return null;
  if (call.shell !== 'none' && shellCommand(call.words) === null) return null;
  const payload = payloadOf(call.words);
  const target = targetAccount(call.user ?? 'root');
  const login = accountByUid(uid);
  if (payload === null || target === null || login === null || payload.argv[0]?.startsWith(HOP) === true) return null;

  const theirs = payloadEnvironment(payload, sudoEnvironment(call, env, login, target));
  // The guard behind sudo handles and logs a bypass.
  if (env['PM2_GUARD'] === 'off' || theirs['PM2_GUARD'] === 'off') return null;
  const reach = whichPm2(payload.pm2, theirs['PATH'] ?? SYSTEM_PATH);
  // The config that counts behind sudo, which drops PM2_GUARD_CONFIG.
  const loaded = loadPolicy({ env: theirs, euid: uid, rootBySudo: isRootBySudo(target.uid, theirs) });
  if (reach === 'other' || loaded.type === 'unusable' || loaded.policy.exempt.includes(login.name)) return null;
  const { policy } = loaded;
  const real = realPm2(uid, policy);
  if (real.type !== 'found') return null;

  const cwd = call.shell === 'login' ? target.homeDirectory : workingDirectory();
  const resolved = await resolveCall({
    argv: payload.argv,
    env: theirs,
    uid: target.uid,
    cwd,
    policy,
    pm2: real,
    readStdin: null,
    evaluate: true,
    askSudo: null,
  });
  const { invocation, caller, verdict, evidence } = resolved;
  const looked = evidence.files !== undefined || evidence.sights !== undefined || evidence.own !== undefined;
  return {
    call,
    payload,
    login,
    target,
    policy: resolved.policy,
    invocation,
    caller,
    verdict,
    reach,
    certain: !looked && !mayBeKept(env, theirs),
  };
}

/** sudoers may keep PM2_HOME (env_keep), and only root can read sudoers. */
function mayBeKept(env: NodeJS.ProcessEnv, theirs: NodeJS.ProcessEnv): boolean {
  return env['PM2_HOME'] !== undefined && theirs['PM2_HOME'] === undefined;
}
