import { join } from 'node:path';
import { compileRules } from '../../src/policy/compile.ts';
import { openPolicy } from '../../src/policy/compiled.ts';
import type { Daemon, Policy } from '../../src/policy/policy.ts';
import { validate } from '../../src/policy/schema.ts';
import { lineAt, parseSource, toValue } from '../../src/policy/source.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { people } from './people.ts';

/**
 * The policy of a config text by the product's own way (parse, schema, compile, open), but with the users of
 * `people`.
 */
export function policyFrom(text: string): Policy {
  const parsed = parseSource('/etc/pm2-guard/config.yaml', text, 'yaml');
  if (parsed.type === 'errors') throw new Error(parsed.errors[0].message);
  const value = toValue(parsed.source);
  if (value.type === 'errors') throw new Error(value.errors[0].message);
  const valid = validate(parsed.source, value.value);
  if (valid.type === 'errors') throw new Error(valid.errors[0]?.message);
  const { config } = valid;
  const daemons = Object.entries(config.daemons).map(([name, daemon]): Daemon => {
    const [uid, homeDirectory] = people[daemon.user] ?? [4242, '/nonexistent'];
    return {
      name,
      uid: asUid(uid),
      gid: asGid(uid),
      group: daemon.user,
      homeDirectory,
      user: daemon.user,
      shell: '/bin/sh',
      pm2Home: asPm2Home(daemon.home ?? join(homeDirectory, '.pm2')),
      mode: daemon.mode ?? config.mode,
      pm2: daemon.pm2 ?? null,
      node: daemon.node ?? null,
      operators: daemon.operators ?? [],
      line: lineAt(parsed.source, ['daemons', name], 'key'),
    };
  });
  return openPolicy({ ...compileRules(parsed.source, config, daemons).rules, made: '', from: '' });
}
