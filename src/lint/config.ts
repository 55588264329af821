import { asPm2Home } from '../runtime/brands.ts';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compileRules } from '../policy/compile.ts';
import { openPolicy } from '../policy/compiled.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { CONFIG_PLACES } from '../policy/places.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { readConfig } from '../policy/read-config.ts';
import { validate, type Config } from '../policy/schema.ts';
import { lineAt, toValue, type ConfigSource } from '../policy/source.ts';
import { UserError } from '../terminal/user-error.ts';
import type { HostConfig } from './host-files.ts';
import { assumedAccount } from './accounts.ts';

/**
 * The policy to judge calls by: of `--config`, else of this host; null: there is none. It need not be root's, because
 * lint only reports. It may be another host's, so its users need no account here.
 * @throws UserError if the named config is unusable
 */
export function lintPolicy(named: string | null): Policy | null {
  return lintConfig(named)?.policy ?? null;
}

export function lintConfig(named: string | null): HostConfig | null {
  const file = named === null ? (CONFIG_PLACES.find((place) => existsSync(place)) ?? null) : resolve(named);
  if (file === null) return null;
  const read = readConfig(file);
  if (read.type === 'errors') throw unusable(formatConfigError(read.errors[0]));
  const value = toValue(read.source);
  if (value.type === 'errors') throw unusable(formatConfigError(value.errors[0]));
  const valid = validate(read.source, value.value);
  if (valid.type === 'errors') throw unusable(valid.errors.map(formatConfigError).join('\n'));
  const paths = Object.entries(valid.config.daemons).flatMap(([name, daemon]) =>
    (daemon.paths ?? []).map((path) => [path, name] as const),
  );
  return { policy: policyOf(read.source, valid.config), paths };
}

function unusable(why: string): UserError {
  return new UserError(`the config cannot be used\n${why}`, 'pm2-guard check --draft FILE', 2);
}

/** Lint judges which daemon a call belongs to. The modes of the config only decide what the guard does then. */
function policyOf(source: ConfigSource, config: Config): Policy {
  const daemons = Object.entries(config.daemons).map(([name, daemon]): Daemon => {
    const { name: user, uid, gid, homeDirectory, shell } = assumedAccount(daemon.user);
    return {
      name,
      user,
      uid,
      gid,
      group: user,
      homeDirectory,
      shell,
      pm2Home: asPm2Home(resolve(daemon.home ?? join(homeDirectory, '.pm2'))),
      mode: 'rewrite',
      pm2: daemon.pm2 ?? null,
      node: daemon.node ?? null,
      operators: daemon.operators ?? [],
      line: lineAt(source, ['daemons', name], 'key'),
    };
  });
  return {
    ...openPolicy({ ...compileRules(source, { ...config, mode: 'rewrite' }, daemons).rules, made: '', from: '' }),
    mode: 'rewrite',
  };
}
