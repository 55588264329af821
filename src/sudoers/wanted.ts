import { readCompiled } from '../policy/compiled.ts';
import { formatConfigError, type ConfigError } from '../policy/config-error.ts';
import { isFresh } from '../policy/load.ts';
import { configDistrust, missingConfig, standardConfig } from '../policy/places.ts';
import { compileConfig } from '../policy/slow.ts';
import { EX_CONFIG, UserError } from '../terminal/user-error.ts';
import { dropInOf, type DropIn } from './drop-in.ts';
import { peopleOfHost } from './people.ts';

export type WantedRules = { type: 'drop-in'; wanted: DropIn } | { type: 'unusable'; error: ConfigError };

/** Uses only the current config in /etc/pm2-guard: a last good policy or a config of the caller grants no rights. */
export function wantedDropIn(): WantedRules {
  const file = standardConfig();
  if (file === null) return { type: 'unusable', error: missingConfig() };
  const distrusted = configDistrust(file);
  if (distrusted !== null) return { type: 'unusable', error: distrusted };
  const kept = readCompiled();
  if (kept !== null && isFresh(kept, file))
    return { type: 'drop-in', wanted: dropInOf(file, kept.daemons, peopleOfHost()) };
  const read = compileConfig(file);
  if (read.type === 'errors') return { type: 'unusable', error: read.errors[0] };
  return { type: 'drop-in', wanted: dropInOf(file, read.compiled.daemons, peopleOfHost()) };
}

/** @throws UserError */
export function requireDropIn(): DropIn {
  const found = wantedDropIn();
  if (found.type === 'drop-in') return found.wanted;
  throw new UserError(
    `no rules can be made of a config that cannot be used\n${formatConfigError(found.error)}`,
    'pm2-guard check',
    EX_CONFIG,
  );
}
