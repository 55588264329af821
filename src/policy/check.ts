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
import { unmakeablePm2Homes, type Unmakeable } from './unmakeable.ts';

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
  /** The file that was checked. If there is none: the first place where it could be. */
  file: string;
  /** What happens to calls if this config is unusable and no good policy exists. Null: the config is valid. */
  onError: OnError | null;
  /** In the order of the file, errors about owner and mode first. */
  errors: ConfigError[];
  notes: string[];
  unmakeable: Unmakeable[];
  default: string | null;
  daemons: CheckedDaemon[];
  /** `stale`: made from another config. `none`: missing or not trusted. Null: a file that is never compiled. */
  compiled: { state: 'fresh' | 'stale'; made: string } | { state: 'none' } | null;
}

/** Collects all errors and writes nothing. `named` null: the config in use. `draft`: do not check who can write. */
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
  // A distrusted file can still be read. The other errors leave nothing to read.
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
    unmakeable: unmakeablePm2Homes(read.compiled.daemons),
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
  return daemons.map(({ name, user, pm2Home, mode }, index) => ({
    name,
    user,
    home: pm2Home,
    mode,
    names: counts[index] ?? 0,
    globs: globs.filter((glob) => glob[4] === index).length,
    paths: paths.filter((entry) => entry[1] === index).length,
  }));
}
