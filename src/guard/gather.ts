import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import type { Invocation, Major } from '../pm2/invocation.ts';
import { appsOfProcessFile } from '../pm2/process-file.ts';
import { listApps } from '../pm2/rpc.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { decide } from '../verdict/decide.ts';
import { evaluatorOf } from '../verdict/evaluator.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Evidence, FileApps, Sight, Verdict } from '../verdict/verdict.ts';
import { realpathsOf } from './surroundings.ts';

/** How long a daemon may take to say what it runs. A healthy one answers in a few ms; a call must not hang on a sick one. */
const SOCKET_MS = 700;
/** How long an ecosystem file may take to be evaluated. */
const PROCESS_FILE_MS = 5000;

export interface Judged {
  verdict: Verdict;
  /** The standard input that was read to find a process file's apps, for the real pm2 to read again; null: untouched. */
  stdin: Buffer | null;
  /** The lists that were asked for; empty where the config settled it. */
  sights: readonly Sight[];
}

export interface Means {
  major: Major;
  /** The caller's environment: a process file may ask it. */
  env: NodeJS.ProcessEnv;
  /** Gives a process file on standard input, read to its end; null: leave it, nobody knows what is in it. */
  readStdin: (() => Buffer) | null;
}

/** The verdict, with as little looked at as it takes: most calls are settled by argv and the config alone. */
export async function judge(invocation: Invocation, caller: Caller, policy: Policy, means: Means): Promise<Judged> {
  let evidence: Evidence = { realpaths: realpathsOf(invocation) };
  let stdin: Buffer | null = null;
  for (;;) {
    const verdict = decide(invocation, caller, policy, evidence);
    if (verdict.type !== 'more') return { verdict, stdin, sights: evidence.sights ?? [] };
    switch (verdict.wants) {
      case 'files': {
        if (invocation.targets.some((target) => target.kind === 'stdin')) stdin = means.readStdin?.() ?? null;
        evidence = { ...evidence, files: await appsOfFiles(invocation, caller, policy, evidence, stdin, means) };
        break;
      }
      case 'sights':
        evidence = { ...evidence, sights: await sightsOf(policy.daemons) };
        break;
    }
  }
}

/** What lives in the declared daemons, as far as the caller may know: a socket or dump that is not ours to read tells nothing. */
async function sightsOf(daemons: readonly Daemon[]): Promise<Sight[]> {
  const live = await Promise.all(daemons.map(async (daemon): Promise<Sight | null> => {
    const answer = await listApps(rpcSocket(daemon.home), { timeoutMs: SOCKET_MS });
    return answer.type === 'answered' ? { daemon: daemon.name, source: 'socket', apps: answer.apps } : null;
  }));
  const saved = daemons.map((daemon): Sight | null => {
    const apps = readDump(dumpFile(daemon.home));
    return apps === null ? null : { daemon: daemon.name, source: 'dump', apps };
  });
  return [...live, ...saved].filter((sight) => sight !== null);
}

/** Process files are code: evaluated in a child, as the user who would run them (PRODUCT section 3.2). */
async function appsOfFiles(
  invocation: Invocation, caller: Caller, policy: Policy, evidence: Evidence, stdin: Buffer | null, { major, env }: Means,
): Promise<Map<string, FileApps>> {
  const found = new Map<string, FileApps>();
  for (const target of invocation.targets) {
    if (target.kind !== 'file' && target.kind !== 'stdin') continue;
    const path = target.kind === 'file' ? target.path : null;
    if (path === null && stdin === null) {
      found.set('-', null);
      continue;
    }
    found.set(path ?? '-', await appsOfProcessFile({
      source: path === null ? { text: stdin?.toString('utf8') ?? '' } : { word: target.word, path },
      evaluator: evaluatorOf(path, caller, policy, evidence),
      invocation, major, env,
      cwd: caller.cwd ?? '/',
      timeoutMs: PROCESS_FILE_MS,
    }));
  }
  return found;
}
