import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import type { Pm2Env } from '../pm2/record.ts';
import type { Pid } from '../runtime/brands.ts';
import { type HostInventory } from './find.ts';
import type { Needs } from './look.ts';
import type { Move } from './move.ts';
import type { Problem } from './problems.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

/** What the processes of a move will need in the new daemon (look.ts tries it). */
export function needsOf({ apps, from, to }: Move, targetPid: Pid | null): Needs {
  const records = apps
    .filter(({ twin }) => !twin)
    .flatMap(({ processes }) => processes.filter(({ running }) => running).map(({ after }) => after));
  const scripts = records.map(({ pm_exec_path: path }) => path).filter(isPath);
  const logs = records
    .flatMap(({ pm_out_log_path: out, pm_err_log_path: err, pm_log_path: log, pm_pid_path: pid }) => [
      out,
      err,
      log,
      pid,
    ])
    .filter(isPath);
  const directories = records.map(({ pm_cwd: cwd }) => cwd).filter(isPath);
  return {
    read: [...new Set([...scripts, ...records.flatMap(environmentFiles)])],
    enter: [...new Set(directories)],
    write: [...new Set(logs.filter((path) => path !== '/dev/null' && !path.startsWith(`${to.pm2Home}/`)))],
    make: [to.pm2Home],
    run: [
      ...new Set(
        records
          .map(({ exec_interpreter: interpreter, pm_exec_path: script }) =>
            interpreter === 'none' ? script : interpreter,
          )
          .filter((program) => typeof program === 'string' && program !== '') as string[],
      ),
    ],
    path: records.map(({ PATH }) => PATH).find((path) => typeof path === 'string') ?? '/usr/local/bin:/usr/bin:/bin',
    ports:
      to.uid === 0 || from.uid === to.uid || mayBindAll(targetPid)
        ? []
        : [...new Set(apps.flatMap(({ ports }) => ports))].filter((port) => port < 1024),
  };
}

/** The existing files of `--env-file`, dotenv and env_file. */
function environmentFiles({ node_args: node, args, env_file: named, pm_cwd: cwd }: Pm2Env): string[] {
  const words = [node, args].flatMap((list) =>
    Array.isArray(list) ? list.filter((word) => typeof word === 'string') : [],
  );
  const files = words.flatMap((word, at) => {
    const [, file] = /^--env-file(?:-if-exists)?(?:=(.*))?$/s.exec(word) ?? [];
    if (file !== undefined) return [file];
    if (/^--env-file(-if-exists)?$/.test(word)) return [words[at + 1] ?? ''];
    return word === 'dotenv/config' ? ['.env'] : [];
  });
  const base = isPath(cwd) ? cwd : '/';
  return [...files, ...(typeof named === 'string' ? [named] : [])]
    .filter((file) => file !== '')
    .map((file) => resolve(base, file))
    .filter((file) => existsSync(file));
}

/** CAP_NET_BIND_SERVICE of the daemon, which its apps inherit (capabilities(7), AmbientCapabilities=). */
function mayBindAll(pid: Pid | null): boolean {
  if (pid === null) return false;
  try {
    const [, mask = '0'] = /^CapAmb:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) & (1n << 10n)) !== 0n;
  } catch {
    return false;
  }
}

/** Ports that other processes listen on. */
export function heldPorts({ apps }: Move, found: HostInventory, ours: readonly number[]): Problem[] {
  return apps
    .filter(({ twin }) => !twin)
    .flatMap((app) =>
      app.ports.flatMap((port) => {
        const other = found.holdersOf(port).find(({ pid }) => !ours.includes(pid));
        if (other === undefined) return [];
        const user = accountByUid(other.uid)?.name ?? `uid ${other.uid}`;
        const what = `port ${port}, which ${app.name} wants, is held by pid ${other.pid} of ${user}`;
        return [{ what, label: 'run', repair: [rootCommandLine('doctor', '--port', String(port))] }];
      }),
    );
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && isAbsolute(value);
}
