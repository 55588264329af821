import { execFile } from 'node:child_process';
import { realpathSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Policy } from '../policy/policy.ts';
import { isValid, readPrepared, type Prepared } from '../prepared/form.ts';
import { preparedFile } from '../prepared/place.ts';
import { wishedSeals } from '../seal/wishes.ts';
import { findUntrusted } from '../trust/trust.ts';
import { emptyDirectory } from './empty.ts';
import { statOrNone, type Ledger } from './ledger.ts';
import { CACHE_DIRECTORY } from './places.ts';
import { readRecord } from './record.ts';

/** A pm2 and a node that start together. */
export interface Pair {
  /** Physical path of the package's directory. */
  pm2Package: string;
  /** Physical path. */
  node: string;
}

const PLAIN = {
  env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C' },
  cwd: '/',
  timeout: 15_000,
  killSignal: 'SIGKILL',
} as const;

/**
 * Which pm2 may be started by which node, of those that only root can change: the recorded ones, those that the config
 * pins, and packages that are sealed.
 */
export function pairs(recorded: { pm2: string | null; node: string | null }, policy: Policy | null): Pair[] {
  const daemons = policy?.daemons ?? [];
  const bins = [recorded.pm2, ...daemons.map(({ pm2 }) => pm2)].flatMap(trusted);
  const packages = bins.map((bin) => dirname(dirname(bin)));
  const sealed = wishedSeals().filter(
    (directory) => findUntrusted(join(directory, 'lib/binaries/CLI.js'), 'file') === null,
  );
  const named = [recorded.node, '/usr/bin/node', '/usr/local/bin/node', ...daemons.map(({ node }) => node)];
  const nodes = [...new Set(named.flatMap(trusted))];
  return [...new Set([...packages, ...sealed])].flatMap((pm2Package) => nodes.map((node) => ({ pm2Package, node })));
}

/** The physical path of a file; none where it is not there, or others than root can change it. */
function trusted(file: string | null): string[] {
  if (file === null) return [];
  try {
    return findUntrusted(file, 'file') === null ? [realpathSync.native(file)] : [];
  } catch {
    return [];
  }
}

/**
 * Prepares the start of each pm2 by each node, where that was not done or holds no longer, and removes what is of no
 * use any more. It is a gain in time only: where it cannot be done, pm2 starts as ever.
 *
 * @param bundle prepare.cjs, as root's
 */
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
      // said below: there is no file
    }
    const now = readPrepared(file);
    if (now === null) continue;
    const { none } = now.prepared;
    ledger.note(file, before === null ? 'created' : 'updated', none === null ? null : `pm2 starts without it: ${none}`);
  }
  tidy(); // what is left of one that was killed
}

function isUpToDate(file: string, { mode }: Stats): boolean {
  const kept = findUntrusted(file, 'file') === null && (mode & 0o7777) === 0o644 ? readPrepared(file) : null;
  return kept !== null && kept.prepared.none === null && isValid(kept.prepared);
}

/** How a prepared start stands, for a report. */
export interface PreparedState extends Pair {
  state: 'ready' | 'stale' | 'missing' | 'none';
  /** Of `none`: why. */
  why: string | null;
}

/** How the starts stand that install would prepare. Anybody may ask. */
export function preparedStates(policy: Policy | null): PreparedState[] {
  const record = readRecord();
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
