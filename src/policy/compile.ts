import { resolve } from 'node:path';
import { localAccount } from '../identity/accounts.ts';
import { FORMAT, type CompiledPolicy, type PathEntry } from './compiled.ts';
import type { ConfigError } from './config-error.ts';
import type { Glob } from './globs.ts';
import { nameTable, type Holder } from './names.ts';
import { compiledGlob, parsePattern } from './pattern.ts';
import type { Daemon } from './policy.ts';
import type { Config } from './schema.ts';
import { errorAt, lineAt, type ConfigSource } from './source.ts';
import { VERSION } from './version.ts';

export type Rules = Omit<CompiledPolicy, 'made' | 'from'>;

export interface CompiledRules {
  rules: Rules;
  errors: ConfigError[];
}

/** The result does not depend on the order of the config, except for line numbers. */
export function compileRules(source: ConfigSource, config: Config, daemons: readonly Daemon[]): CompiledRules {
  const sorted = [...daemons].sort((a, b) => (a.name < b.name ? -1 : 1));
  const errors: ConfigError[] = [];
  const { names, globs } = compileApps(source, config, sorted, errors);
  const paths = compilePaths(source, config, sorted, errors);
  const rules: Rules = {
    format: FORMAT,
    version: VERSION,
    file: source.file,
    mode: config.mode,
    default: config.default ?? null,
    exempt: config.exempt ?? [],
    bypass: config.bypass,
    notices: config.notices,
    contact: config.contact ?? null,
    personal: compilePersonal(source, config, errors),
    onError: config.on_error ?? null,
    daemons: sorted,
    remote: sorted.map(({ user }) => user).filter((user) => localAccount(user) === null),
    names: nameTable(names),
    globs,
    paths,
  };
  return { rules, errors };
}

function compileApps(
  source: ConfigSource,
  config: Config,
  daemons: readonly Daemon[],
  errors: ConfigError[],
): { names: Map<string, Holder[]>; globs: Glob[] } {
  const names = new Map<string, Holder[]>();
  const globs = new Map<string, Glob>();
  for (const [index, { name: daemon }] of daemons.entries()) {
    for (const [position, text] of (config.daemons[daemon]?.apps ?? []).entries()) {
      const place = ['daemons', daemon, 'apps', position];
      const line = lineAt(source, place, 'value');
      const pattern = parsePattern(text);
      switch (pattern.type) {
        case 'name': {
          const holders = names.get(pattern.name) ?? [];
          if (!holders.some(([holder]) => holder === index)) names.set(pattern.name, [...holders, [index, line]]);
          break;
        }
        case 'glob': {
          const key = `${index} ${text}`;
          if (!globs.has(key)) globs.set(key, compiledGlob(text, pattern, index, line));
          break;
        }
        case 'bad':
          errors.push(
            errorAt(
              source,
              place,
              'value',
              `${JSON.stringify(text)} ${pattern.why}`,
              "an app's name, or a glob of * ? [a-z] {a,b}",
            ),
          );
          break;
      }
    }
  }
  return { names, globs: [...globs.values()].sort((a, b) => (a[3] < b[3] ? -1 : a[3] > b[3] ? 1 : a[4] - b[4])) };
}

function compilePersonal(source: ConfigSource, { personal }: Config, errors: ConfigError[]): Rules['personal'] {
  if (personal === undefined) return null;
  const names: string[] = [];
  const globs: Glob[] = [];
  for (const [position, text] of personal.entries()) {
    if (text.startsWith('%')) continue;
    // The backslash of DOMAIN\\user is a part of the name.
    const pattern = parsePattern(text.replaceAll('\\', '\\\\'));
    switch (pattern.type) {
      case 'name':
        names.push(pattern.name);
        break;
      case 'glob':
        globs.push(compiledGlob(text, pattern, 0, lineAt(source, ['personal', position], 'value')));
        break;
      case 'bad':
        errors.push(
          errorAt(
            source,
            ['personal', position],
            'value',
            `${JSON.stringify(text)} ${pattern.why}`,
            'a login name, a glob of login names, or a group as "%group"',
          ),
        );
        break;
    }
  }
  const groups = personal.filter((text) => text.startsWith('%')).map((text) => text.slice(1));
  return { names, globs, groups, line: lineAt(source, ['personal'], 'key') };
}

function compilePaths(
  source: ConfigSource,
  config: Config,
  daemons: readonly Daemon[],
  errors: ConfigError[],
): PathEntry[] {
  const paths = new Map<string, PathEntry>();
  for (const [index, { name: daemon }] of daemons.entries()) {
    for (const [position, text] of (config.daemons[daemon]?.paths ?? []).entries()) {
      const place = ['daemons', daemon, 'paths', position];
      const wild = /\/\*+$/.exec(text);
      if (wild)
        errors.push(
          errorAt(
            source,
            place,
            'value',
            `${JSON.stringify(text)} is no glob here: a path holds for all below it`,
            JSON.stringify(text.slice(0, wild.index) || '/'),
          ),
        );
      const path = resolve(text);
      const key = `${index} ${path}`;
      if (!paths.has(key)) paths.set(key, [path, index, lineAt(source, place, 'value')]);
    }
  }
  return [...paths.values()].sort(
    (a, b) => b[0].length - a[0].length || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]),
  );
}
