import { join } from 'node:path';
import { localAccount, localGroupName } from '../identity/accounts.ts';
import { mayUseAnothersTerminal } from '../identity/terminal-input.ts';
import type { Uid } from '../runtime/brands.ts';
import { loadBundle } from '../runtime/kept-code.ts';
import { keptOnError, openPolicy, readCompiled, type CompiledPolicy } from './compiled.ts';
import { fileError, formatConfigError, type ConfigError } from './config-error.ts';
import { ownCompiled } from './own-compiled.ts';
import { physicalPath } from './physical-path.ts';
import {
  checkLine,
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
  /** `warnings` are escaped already. Each may have several lines. */
  | { type: 'policy'; policy: Policy; warnings: string[] }
  /** `onError` comes from the readable part of the config, else from the last policy, else from our default. */
  | { type: 'unusable'; error: ConfigError; onError: OnError };

/** `settled`: the next change of the file will be visible in its times, so the policy may be kept. */
export type Compilation =
  | { type: 'compiled'; compiled: CompiledPolicy; settled: boolean; notes: string[] }
  | { type: 'errors'; errors: [ConfigError, ...ConfigError[]]; onError: OnError | null };

export interface SlowPolicy {
  compileConfig(path: string): Compilation;
  /** Returns null, or one line that says why it could not be kept. */
  saveCompiled(compiled: CompiledPolicy): string | null;
  saveOwnCompiled(compiled: CompiledPolicy, uid: Uid): void;
}

/** Never throws. The order: a fresh compiled policy, the config, root's last good policy with a warning, none. */
export function loadPolicy(caller: PolicyCaller, slow: () => SlowPolicy = slowBundle): LoadedPolicy {
  const override = overridingConfig(caller);
  if (override === null) return loadStandard(caller, slow);
  const read = readConfig(override, slow);
  if (read.type === 'compiled') return { type: 'policy', policy: opened(read.compiled), warnings: [] };
  const standard = loadStandard(caller, slow);
  if (standard.type === 'unusable') return { ...standard, error: read.errors[0] };
  const error = formatConfigError(read.errors[0]);
  const warning = `${error}\n  so PM2_GUARD_CONFIG is left aside, and ${standard.policy.file} holds`;
  return { ...standard, warnings: [warning, ...standard.warnings] };
}

/** If /etc/passwd changed, only the named accounts are compared, so `useradd` does not make a policy stale. */
export function isFresh(compiled: CompiledPolicy, path: string): boolean {
  if (compiled.version !== VERSION) return false;
  const now = configState(path);
  if (now === null || now === compiled.from) return now !== null;
  return configOf(now) === configOf(compiled.from) && compiled.daemons.every((daemon) => hasAccount(daemon, compiled));
}

/** A lookup in a directory service starts a process, so those accounts are not compared. */
function hasAccount({ user, uid, gid, group, homeDirectory, shell }: Daemon, { remote }: CompiledPolicy): boolean {
  if ((localGroupName(gid) ?? group) !== group) return false;
  const now = localAccount(user);
  if (now === null) return remote.includes(user);
  return (
    now.name === user &&
    now.uid === uid &&
    now.gid === gid &&
    now.homeDirectory === homeDirectory &&
    now.shell === shell
  );
}

function opened(compiled: CompiledPolicy): Policy {
  return openPolicy(compiled, physicalPath);
}

function loadStandard(caller: PolicyCaller, slow: () => SlowPolicy): LoadedPolicy {
  const kept = readCompiled();
  // The standard place needs no search if its state is unchanged.
  if (kept !== null && holds(kept, CONFIG_PLACES[0])) return { type: 'policy', policy: opened(kept), warnings: [] };
  const path = standardConfig();
  const fresh = path === null ? null : freshFor(caller, kept, path);
  if (fresh !== null) return { type: 'policy', policy: opened(fresh), warnings: [] };
  const read: Compilation =
    path === null ? { type: 'errors', errors: [missingConfig()], onError: null } : readConfig(path, slow);
  switch (read.type) {
    case 'compiled': {
      const failure = read.settled ? keep(read.compiled, caller, slow()) : null;
      return { type: 'policy', policy: opened(read.compiled), warnings: failure === null ? [] : [failure] };
    }
    case 'errors':
      if (kept === null)
        return { type: 'unusable', error: read.errors[0], onError: read.onError ?? keptOnError() ?? 'closed' };
      return {
        type: 'policy',
        policy: opened(kept),
        warnings: [
          `${formatConfigError(read.errors[0])}\n  so the last good policy holds for this call, made ` +
            `${kept.made.slice(0, 16).replace('T', ' ')} UTC; edits since then do not count. After the repair: ` +
            checkLine(read.errors[0].file),
        ],
      };
  }
}

function freshFor({ euid }: PolicyCaller, kept: CompiledPolicy | null, path: string): CompiledPolicy | null {
  if (kept !== null && holds(kept, path)) return kept;
  if (!euid) return null; // root's is `kept`
  // A user's own compiled policy names the pm2 to run. It must not decide where another user types.
  if (mayUseAnothersTerminal(euid)) return null;
  for (const own of ownCompiled(euid)) if (holds(own, path)) return own;
  return null;
}

function keep(compiled: CompiledPolicy, { euid }: PolicyCaller, slow: SlowPolicy): string | null {
  if (euid === 0) return slow.saveCompiled(compiled);
  if (euid) slow.saveOwnCompiled(compiled, euid);
  return null;
}

function holds(kept: CompiledPolicy, path: string): boolean {
  return isFresh(kept, path) && configDistrust(path) === null;
}

function readConfig(path: string, slow: () => SlowPolicy): Compilation {
  const error = configDistrust(path);
  if (error !== null) return { type: 'errors', errors: [error], onError: null };
  try {
    return slow().compileConfig(path);
  } catch (thrown) {
    // A damaged installation must not stop pm2. The last good policy is used, or pm2 runs unguarded.
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
