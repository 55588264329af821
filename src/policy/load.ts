import { join } from 'node:path';
import { localAccount, localGroupName } from '../identity/accounts.ts';
import { loadBundle } from '../runtime/kept-code.ts';
import { keptOnError, openPolicy, readCompiled, type CompiledPolicy } from './compiled.ts';
import { fileError, formatConfigError, type ConfigError } from './config-error.ts';
import { ownCompiled } from './own-compiled.ts';
import {
  CONFIG_PLACES,
  configDistrust,
  configOf,
  missingConfig,
  overridingConfig,
  standardConfig,
  configState,
  type PolicyCaller,
} from './places.ts';
import type { Daemon, OnError, Policy } from './policy.ts';
import { VERSION } from './version.ts';

export type LoadedPolicy =
  /** `warnings` are to be shown; each may have several lines, and is escaped already. */
  | { type: 'policy'; policy: Policy; warnings: string[] }
  /** `onError`: of the config as far as it can be read, else of the last policy, else ours. */
  | { type: 'unusable'; error: ConfigError; onError: OnError };

/** What reading a config led to. `settled`: nobody can change it again without that being seen, so it may be kept. */
export type Compilation =
  | { type: 'compiled'; compiled: CompiledPolicy; settled: boolean; notes: string[] }
  /** `onError`: what the config says of that, where so much of it can be read. */
  | { type: 'errors'; errors: [ConfigError, ...ConfigError[]]; onError: OnError | null };

/** The part that carries YAML, schema and cosmiconfig (slow.ts). */
export interface SlowPolicy {
  /** Reads, validates and compiles a config that was found to be trusted. */
  compileConfig(path: string): Compilation;
  /** Keeps a compiled policy. Returns null, or in a line why it could not be kept. */
  saveCompiled(compiled: CompiledPolicy): string | null;
  /** Keeps it for the calls of one user, this process's, if that can be. */
  saveOwnCompiled(compiled: CompiledPolicy, uid: number): void;
}

/**
 * The policy for a call (docs/contract.md section 2): the compiled one where it was made from exactly the config that
 * is there, root's or else the caller's own; else the config itself, compiled anew and kept, by root for all and by
 * others for themselves; else the last good one that root kept, with a warning; else none. Never throws.
 *
 * @param slow gives the part that is loaded only where it is needed; in the built command, the bundle beside this one
 */
export function loadPolicy(caller: PolicyCaller, slow: () => SlowPolicy = slowBundle): LoadedPolicy {
  const override = overridingConfig(caller);
  if (override === null) return loadStandard(caller, slow);
  const read = readConfig(override, slow);
  if (read.type === 'compiled') return { type: 'policy', policy: openPolicy(read.compiled), warnings: [] };
  const standard = loadStandard(caller, slow);
  if (standard.type === 'unusable') return { ...standard, error: read.errors[0] };
  const warning = `${formatConfigError(read.errors[0])}\n  so PM2_GUARD_CONFIG is left aside, and ${standard.policy.file} holds`;
  return { ...standard, warnings: [warning, ...standard.warnings] };
}

/**
 * Whether a compiled policy was made by this pm2-guard from the config as it is now, and with the accounts as they are
 * now: where /etc/passwd or /etc/group is another, those that the config names are compared. So a `useradd` leaves it
 * fresh.
 */
export function isFresh(compiled: CompiledPolicy, path: string): boolean {
  if (compiled.version !== VERSION) return false;
  const now = configState(path);
  if (now === null || now === compiled.from) return now !== null;
  return configOf(now) === configOf(compiled.from) && compiled.daemons.every((daemon) => hasAccount(daemon, compiled));
}

/** What a directory server says of an account is not asked again: that takes a process, and these files do not tell. */
function hasAccount({ user, uid, gid, group, userHome, shell }: Daemon, { remote }: CompiledPolicy): boolean {
  if ((localGroupName(gid) ?? group) !== group) return false;
  const now = localAccount(user);
  if (now === null) return remote.includes(user);
  return now.name === user && now.uid === uid && now.gid === gid && now.home === userHome && now.shell === shell;
}

function loadStandard(caller: PolicyCaller, slow: () => SlowPolicy): LoadedPolicy {
  const kept = readCompiled();
  // The usual place is not looked for: where it is as it was when it was compiled, it is there.
  if (kept !== null && holds(kept, CONFIG_PLACES[0])) return { type: 'policy', policy: openPolicy(kept), warnings: [] };
  const path = standardConfig();
  const fresh = path === null ? null : freshFor(caller, kept, path);
  if (fresh !== null) return { type: 'policy', policy: openPolicy(fresh), warnings: [] };
  const read: Compilation =
    path === null ? { type: 'errors', errors: [missingConfig()], onError: null } : readConfig(path, slow);
  switch (read.type) {
    case 'compiled': {
      const failure = read.settled ? keep(read.compiled, caller, slow()) : null;
      return { type: 'policy', policy: openPolicy(read.compiled), warnings: failure === null ? [] : [failure] };
    }
    case 'errors':
      if (kept === null)
        return { type: 'unusable', error: read.errors[0], onError: read.onError ?? keptOnError() ?? 'closed' };
      return {
        type: 'policy',
        policy: openPolicy(kept),
        warnings: [
          `${formatConfigError(read.errors[0])}\n  so the last good policy holds for this call, made ` +
            `${kept.made.slice(0, 16).replace('T', ' ')} UTC; edits since then do not count. After the repair: sudo ` +
            'pm2-guard check',
        ],
      };
  }
}

/** Root's compiled policy, or the caller's own, if it was made from this config as it is. */
function freshFor({ euid }: PolicyCaller, kept: CompiledPolicy | null, path: string): CompiledPolicy | null {
  if (kept !== null && holds(kept, path)) return kept;
  if (euid <= 0) return null;
  for (const own of ownCompiled(euid)) if (holds(own, path)) return own;
  return null;
}

function keep(compiled: CompiledPolicy, { euid }: PolicyCaller, slow: SlowPolicy): string | null {
  if (euid === 0) return slow.saveCompiled(compiled);
  if (euid > 0) slow.saveOwnCompiled(compiled, euid);
  return null;
}

/** Made from this config as it is, which may still be believed. */
function holds(kept: CompiledPolicy, path: string): boolean {
  return isFresh(kept, path) && configDistrust(path) === null;
}

function readConfig(path: string, slow: () => SlowPolicy): Compilation {
  const error = configDistrust(path);
  if (error !== null) return { type: 'errors', errors: [error], onError: null };
  try {
    return slow().compileConfig(path);
  } catch (thrown) {
    // A damaged installation must not stop pm2 altogether: the last good policy still holds, and where there is none,
    // pm2 runs.
    return {
      type: 'errors',
      onError: keptOnError() ?? 'open',
      errors: [
        fileError(
          'broken',
          path,
          `cannot be read by pm2-guard: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
          'pm2-guard to be whole; install it again',
        ),
      ],
    };
  }
}

function slowBundle(): SlowPolicy {
  return loadBundle(join(__dirname, 'load-policy.cjs')) as SlowPolicy;
}
