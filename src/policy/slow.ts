import { statSync, type BigIntStats } from 'node:fs';
import { compileRules, type CompiledRules } from './compile.ts';
import type { ConfigError } from './config-error.ts';
import type { Compilation } from './load.ts';
import { statedFiles, configState } from './places.ts';
import { emptyConfig, readConfig } from './read-config.ts';
import { badDaemonNames, resolveDaemons } from './resolve.ts';
import type { OnError } from './policy.ts';
import { onErrorOf, validate } from './schema.ts';
import { toValue, type ConfigSource } from './source.ts';

export { saveCompiled, saveOwnCompiled } from './save.ts';

/** For a trusted config file (docs/contract.md section 2). Returns all errors it can find. */
export function compileConfig(path: string): Compilation {
  const settled = isSettled(path);
  const before = configState(path);
  const read = readConfig(path);
  if (read.type === 'errors') return { ...read, onError: null };
  const checked = checkConfig(read.source);
  if (checked.type === 'errors') return checked;
  const compiled = { ...checked.rules, made: new Date().toISOString(), from: before ?? '' };
  return {
    type: 'compiled',
    compiled,
    settled: settled && before !== null && before === configState(path),
    notes: checked.notes,
  };
}

type Checked =
  | { type: 'rules'; rules: CompiledRules['rules']; notes: string[] }
  | { type: 'errors'; errors: [ConfigError, ...ConfigError[]]; onError: OnError | null };

export function checkConfig(source: ConfigSource): Checked {
  const value = toValue(source);
  if (value.type === 'errors') return { ...value, onError: null };
  if (value.value === null) return failed([emptyConfig(source.file)], null);
  const onError = onErrorOf(value.value);
  const badNames = badDaemonNames(source, value.value);
  const valid = validate(source, value.value);
  if (badNames.length > 0 || valid.type === 'errors')
    return failed([...badNames, ...(valid.type === 'errors' ? valid.errors : [])], onError);
  const { daemons, errors, notes } = resolveDaemons(source, valid.config);
  const compiled = compileRules(source, valid.config, daemons);
  const all = [...errors, ...compiled.errors];
  return all.length > 0 ? failed(all, onError) : { type: 'rules', rules: compiled.rules, notes };
}

function failed(errors: ConfigError[], onError: OnError | null): Checked {
  const [first, ...others] = [...errors].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  if (!first) throw new Error('a config failed without an error');
  return { type: 'errors', errors: [first, ...others], onError };
}

const TICK_MS = 100; // the kernel updates file times every 1 to 10 ms
const COARSE_MS = 2500; // 1 or 2 s if times have no fraction (ext4 with small inodes, NFS, FAT)

/** False: another change right now could leave the same times, and a stale policy would look fresh ("racy git"). */
function isSettled(config: string): boolean {
  const now = Date.now();
  return statedFiles(config).every((path) => {
    const stat = bigStatOf(path);
    if (stat === null) return true;
    const newest = stat.ctimeNs > stat.mtimeNs ? stat.ctimeNs : stat.mtimeNs;
    return now - Number(newest / 1_000_000n) > (stat.ctimeNs % 1_000_000_000n === 0n ? COARSE_MS : TICK_MS);
  });
}

function bigStatOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
