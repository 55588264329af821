import { execFile } from 'node:child_process';
import { realpathSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Policy } from '../policy/policy.ts';
import { isValid, readPrepared, type Prepared } from '../prepared/form.ts';
import { preparedFile } from '../prepared/place.ts';
import { requestedSeals } from '../seal/requested-seals.ts';
import { findUntrusted } from '../trust/trust.ts';
import { emptyDirectory } from './empty.ts';
import { statOrNone, type Ledger } from './ledger.ts';
import { CACHE_DIRECTORY } from './places.ts';
import { readInstall } from './record.ts';

export interface Pair {
  /** Physical path of the package directory. */
  pm2Package: string;
  node: string;
}

const PLAIN = {
  env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C' },
  cwd: '/',
  timeout: 15_000,
  killSignal: 'SIGKILL',
} as const;

/** The trusted pm2 and node combinations: recorded ones, those pinned in the config, and sealed packages. */
export function pairs(recorded: { pm2: string | null; node: string | null }, policy: Policy | null): Pair[] {
  const daemons = policy?.daemons ?? [];
  const bins = [recorded.pm2, ...daemons.map(({ pm2 }) => pm2)].flatMap(trusted);
  const packages = bins.map((bin) => dirname(dirname(bin)));
  const sealed = requestedSeals().filter(
    (directory) => findUntrusted(join(directory, 'lib/binaries/CLI.js'), 'file') === null,
  );
  const named = [recorded.node, '/usr/bin/node', '/usr/local/bin/node', ...daemons.map(({ node }) => node)];
  const nodes = [...new Set(named.flatMap(trusted))];
  return [...new Set([...packages, ...sealed])].flatMap((pm2Package) => nodes.map((node) => ({ pm2Package, node })));
}

/** The physical path; empty when missing or when others than root can change it. */
function trusted(file: string | null): string[] {
  if (file === null) return [];
  try {
    return findUntrusted(file, 'file') === null ? [realpathSync.native(file)] : [];
  } catch {
    return [];
  }
}

/** Prepares the start of each pair where needed, and removes unused files. Only for speed: failures are ignored. */
export async function prepare(ledger: Ledger, wanted: readonly Pair[], bundle: string): Promise<void> {
  const files = new Map(wanted.map((pair) => [preparedFile(pair.pm2Package, pair.node), pair]));
  const tidy = () => {
    emptyDirectory(ledger, CACHE_DIRECTORY, (name) => files.has(join(CACHE_DIRECTORY, name)));
  };
  tidy();
  if (ledger.dry) return;
  for (const [file, { pm2Package, node }] of files) {
    const before = statOrNone(file);
    if (before !== null && !before.isFile()) ledger.remove(file, 'is in the way');
    if (before !== null && isUpToDate(file, before)) {
      ledger.note(file, 'unchanged');
      continue;
    }
    try {
      await promisify(execFile)(node, [bundle, pm2Package], PLAIN);
    } catch {
      // The old file stays, if there is one.
    }
    const now = readPrepared(file);
    if (now === null) continue;
    if (statOrNone(file)?.ino === before?.ino) {
      ledger.note(file, 'kept', 'could not be made again: pm2 starts without it');
      continue;
    }
    const { none } = now.prepared;
    ledger.note(file, before === null ? 'created' : 'updated', none === null ? null : `pm2 starts without it: ${none}`);
  }
  tidy(); // remove the temporary files of a killed process
}

function isUpToDate(file: string, { mode }: Stats): boolean {
  const kept = findUntrusted(file, 'file') === null && (mode & 0o7777) === 0o644 ? readPrepared(file) : null;
  return kept !== null && kept.prepared.none === null && isValid(kept.prepared);
}

export interface PreparedState extends Pair {
  state: 'ready' | 'stale' | 'missing' | 'none';
  why: string | null;
}

export function preparedStates(policy: Policy | null): PreparedState[] {
  const record = readInstall();
  return pairs({ pm2: record?.pm2 ?? null, node: record?.node ?? null }, policy).map((pair) => {
    const file = preparedFile(pair.pm2Package, pair.node);
    const kept = findUntrusted(file, 'file') === null ? (readPrepared(file)?.prepared ?? null) : null;
    return { ...pair, state: stateOf(kept), why: kept?.none ?? null };
  });
}

function stateOf(kept: Prepared | null): PreparedState['state'] {
  if (kept === null) return 'missing';
  if (!isValid(kept)) return 'stale';
  return kept.none === null ? 'ready' : 'none';
}
