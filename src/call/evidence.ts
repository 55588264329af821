import { existsSync } from 'node:fs';
import { accountByUid, privateGroup } from '../identity/accounts.ts';
import { readDump } from '../pm2/dump.ts';
import { dumpFile, rpcSocket } from '../pm2/home.ts';
import type { Invocation, Major } from '../pm2/invocation.ts';
import { appsOfProcessFile, type Evaluator } from '../pm2/process-file.ts';
import { listApps } from '../pm2/rpc.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Uid } from '../runtime/brands.ts';
import { ownerOf, statOf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';
import type { Caller } from '../verdict/caller.ts';
import { evaluatorsOf, type EvaluatorCandidate } from '../verdict/evaluator.ts';
import type { Evidence, FileApps, More, OwnDaemon, Sight } from '../verdict/verdict.ts';

/** A healthy daemon answers in a few ms. A hanging one must not block the call. */
const SOCKET_MS = 700;
const PROCESS_FILE_MS = 5000;
/** Written by `pm2 startup` for root (lib/API/Startup.js, PM2 5.4 to 7.0). */
const ROOT_UNITS = [
  '/etc/systemd/system/pm2-root.service',
  '/etc/init.d/pm2-root',
  '/etc/init/pm2-root.conf',
  '/Library/LaunchDaemons/pm2.root.plist',
  '/usr/local/etc/rc.d/pm2_root',
  '/etc/rc.d/pm2_root',
];

export interface Means {
  major: Major;
  /** For process files, which are code. */
  env: NodeJS.ProcessEnv;
  /** Reads all of standard input. Null: do not read it. */
  readStdin: (() => Buffer) | null;
  /** Process files may be run as code. False for a command that only explains. */
  evaluate: boolean;
}

export interface Gathered {
  evidence: Evidence;
  /** For the real pm2 to read again. Null: not read. */
  stdin: Buffer | null;
  /** Process files that were not evaluated, as typed. */
  unread: string[];
}

export async function gatherEvidence(
  { wants }: More,
  invocation: Invocation,
  caller: Caller,
  policy: Policy,
  so: Gathered,
  means: Means,
): Promise<Gathered> {
  const { evidence } = so;
  switch (wants) {
    case 'files': {
      const stdin = invocation.targets.some(({ kind }) => kind === 'stdin') ? (means.readStdin?.() ?? null) : so.stdin;
      return appsOfFiles(invocation, caller, policy, { ...so, stdin }, means);
    }
    case 'sights':
      return { ...so, evidence: { ...evidence, sights: await sightsOf(policy.daemons) } };
    case 'own':
      return { ...so, evidence: { ...evidence, own: await ownDaemonOf(caller) } };
    case 'root unit':
      return { ...so, evidence: { ...evidence, rootUnit: ROOT_UNITS.some((file) => existsSync(file)) } };
  }
}

/** The apps of declared daemons, as far as the caller may read their sockets and dumps. */
async function sightsOf(daemons: readonly Daemon[]): Promise<Sight[]> {
  const live = await Promise.all(
    daemons.map(async (daemon): Promise<Sight | null> => {
      const answer = await listApps(rpcSocket(daemon.pm2Home), { timeoutMs: SOCKET_MS });
      return answer.type === 'answered' ? { daemon: daemon.name, source: 'socket', apps: answer.apps } : null;
    }),
  );
  const saved = daemons.map((daemon): Sight | null => {
    const apps = readDump(dumpFile(daemon.pm2Home));
    return apps === null ? null : { daemon: daemon.name, source: 'dump', apps };
  });
  return [...live, ...saved].filter((sight) => sight !== null);
}

/** The daemon that plain pm2 would use. Only a socket that the caller owns is asked. */
async function ownDaemonOf({ socket, uid }: Caller): Promise<OwnDaemon> {
  const euid = process.geteuid?.();
  if (euid !== 0 && euid !== uid) return { state: 'unknown', user: null, apps: [] };
  const stat = statOf(socket);
  if (stat?.isSocket() !== true) return { state: 'none', user: null, apps: [] };
  const user = accountByUid(stat.uid)?.name ?? null;
  if (stat.uid !== uid) return { state: 'others', user, apps: [] };
  const answer = await listApps(socket, { timeoutMs: SOCKET_MS });
  switch (answer.type) {
    case 'answered':
      return { state: 'callers', user, apps: answer.apps.filter(({ module }) => !module) };
    case 'dead':
      return { state: 'none', user: null, apps: [] };
    case 'denied':
    case 'silent':
    case 'nonsense':
      return { state: 'callers', user, apps: [] };
  }
}

async function appsOfFiles(
  invocation: Invocation,
  caller: Caller,
  policy: Policy,
  so: Gathered,
  { major, env, evaluate }: Means,
): Promise<Gathered> {
  const found = new Map<string, FileApps>();
  const unread: string[] = [];
  for (const target of invocation.targets) {
    if (target.kind !== 'file' && target.kind !== 'stdin') continue;
    const path = target.kind === 'file' ? target.path : null;
    if (path === null && so.stdin === null) {
      found.set('-', null);
      continue;
    }
    const apps = await appsOfProcessFile({
      source: path === null ? { text: so.stdin?.toString('utf8') ?? '' } : { word: target.word, path },
      evaluator: evaluate ? evaluatorFor(path, evaluatorsOf(path, policy, so.evidence), caller) : null,
      invocation,
      major,
      env,
      cwd: caller.cwd ?? '/',
      timeoutMs: PROCESS_FILE_MS,
    });
    found.set(path ?? '-', apps);
    if (apps === null) unread.push(target.word);
  }
  return { ...so, unread, evidence: { ...so.evidence, files: found } };
}

/** The first account that trusts the file and that this process may become. */
function evaluatorFor(
  path: string | null,
  candidates: readonly EvaluatorCandidate[],
  caller: Caller,
): Evaluator | null {
  const euid = process.geteuid?.();
  for (const candidate of candidates) {
    const uid = uidOf(candidate, path, caller);
    const account = uid === null ? null : accountByUid(uid);
    if (account === null || (euid !== 0 && account.uid !== euid)) continue;
    const trusted = { uid: account.uid, gid: account.uid === 0 ? null : privateGroup(account) };
    if (path === null || findUntrusted(path, 'file', trusted) === null) return { ...account, user: account.name };
  }
  return null;
}

function uidOf(candidate: EvaluatorCandidate, path: string | null, caller: Caller): Uid | null {
  switch (candidate.type) {
    case 'daemon':
      return candidate.daemon.uid;
    case 'caller':
      return caller.uid;
    case 'owner':
      return path === null ? null : ownerOf(path);
  }
}
