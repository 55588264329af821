import { keptOnError, readCompiled, type CompiledPolicy } from './compiled.ts';
import type { ConfigError } from './config-error.ts';
import { isFresh } from './load.ts';
import { namesOf } from './names.ts';
import {
  CONFIG_PLACES,
  configDistrust,
  missingConfig,
  overridingConfig,
  standardConfig,
  type PolicyCaller,
} from './places.ts';
import type { OnError } from './policy.ts';
import { compileConfig } from './slow.ts';
import { unmakeableHomes, type Unmakeable } from './unmakeable.ts';

/** One daemon of a config that was checked, with how much names it. */
export interface CheckedDaemon {
  name: string;
  user: string;
  home: string;
  mode: string;
  names: number;
  globs: number;
  paths: number;
}

export interface ConfigCheck {
  valid: boolean;
  /** The file looked at; where there is none, the first place it could be. */
  file: string;
  /**
   * What becomes of calls of pm2 where this config cannot be used and there is no last good policy; null: it is valid.
   */
  onError: OnError | null;
  /** In the order of the file; first what is wrong about who may write it. */
  errors: ConfigError[];
  /** What may be a mistake and may be meant. */
  notes: string[];
  /** Declared PM2_HOMEs that are not there, and that their users cannot make. */
  unmakeable: Unmakeable[];
  default: string | null;
  daemons: CheckedDaemon[];
  /**
   * The policy kept on disk: `fresh`, `stale` (made of another state of the config), `none` (nobody made one, or it
   * cannot be trusted); null where the file looked at is none of the places that are compiled.
   */
  compiled: { state: 'fresh' | 'stale'; made: string } | { state: 'none' } | null;
}

/**
 * Looks at a config as the guard would, but goes on after an error to find the others, and writes nothing.
 *
 * @param named absolute path; null: the config that holds for the caller
 * @param draft do not ask who could write the file and the directories above it
 */
export function checkConfigFile(named: string | null, caller: PolicyCaller, draft: boolean): ConfigCheck {
  const file = named ?? overridingConfig(caller) ?? standardConfig();
  const standard = file === null || (CONFIG_PLACES as readonly string[]).includes(file);
  const check: ConfigCheck = {
    valid: false,
    file: file ?? CONFIG_PLACES[0],
    onError: keptOnError() ?? 'closed',
    errors: [],
    notes: [],
    unmakeable: [],
    default: null,
    daemons: [],
    compiled: standard ? keptPolicy(file) : null,
  };
  if (file === null) return { ...check, errors: [missingConfig()] };
  const distrusted = configDistrust(file);
  // Only a doubt about who wrote it leaves something to read.
  if (distrusted !== null && distrusted.kind !== 'untrusted') return { ...check, errors: [distrusted] };
  const trust = distrusted === null || draft ? [] : [distrusted];
  const read = compileConfig(file);
  if (read.type === 'errors')
    return { ...check, onError: read.onError ?? check.onError, errors: [...trust, ...read.errors] };
  return {
    ...check,
    valid: trust.length === 0,
    onError: trust.length === 0 ? null : check.onError,
    errors: trust,
    notes: read.notes,
    default: read.compiled.default,
    daemons: daemonsOf(read.compiled),
    unmakeable: unmakeableHomes(read.compiled.daemons),
  };
}

function keptPolicy(file: string | null): ConfigCheck['compiled'] {
  const kept = readCompiled();
  if (kept === null) return { state: 'none' };
  return { state: file !== null && isFresh(kept, file) ? 'fresh' : 'stale', made: kept.made };
}

function daemonsOf({ daemons, names, globs, paths }: CompiledPolicy): CheckedDaemon[] {
  const counts = daemons.map(() => 0);
  for (const [, holders] of namesOf(names)) for (const [daemon] of holders) counts[daemon] = (counts[daemon] ?? 0) + 1;
  return daemons.map(({ name, user, home, mode }, index) => ({
    name,
    user,
    home,
    mode,
    names: counts[index] ?? 0,
    globs: globs.filter((glob) => glob[4] === index).length,
    paths: paths.filter((entry) => entry[1] === index).length,
  }));
}
