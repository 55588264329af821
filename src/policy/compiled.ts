import { readFileSync } from 'node:fs';
import { findUntrusted } from '../trust/trust.ts';
import { matchingGlobs, type Glob } from './globs.ts';
import { holdersOf, namesOf, type NameTable, type RuleOf } from './names.ts';
import { COMPILED_FILE } from './places.ts';
import type { Bypass, Daemon, Mode, Notices, OnError, Policy, Rule } from './policy.ts';

/** Raise it when the shape below changes. */
export const FORMAT = 4;

export type PathEntry = readonly [path: string, daemon: number, line: number];

/** The compiled policy: JSON in ASCII, which is fast to read. Policies read from YAML pass through it too. */
export interface CompiledPolicy {
  format: number;
  /** The version of pm2-guard that made it. */
  version: string;
  made: string;
  /** The state of the config and of the accounts (configState in places.ts). */
  from: string;
  file: string;
  mode: Mode;
  default: string | null;
  exempt: string[];
  bypass: Bypass;
  notices: Notices;
  contact: string | null;
  personal: { names: string[]; globs: Glob[]; groups: string[]; line: number } | null;
  onError: OnError | null;
  daemons: Daemon[];
  /** Users of daemons that are not in /etc/passwd, but in a directory service. */
  remote: string[];
  names: NameTable;
  globs: Glob[];
  paths: PathEntry[];
}

/** The compiled policy on disk. Null: missing, damaged, of another format, or writable by others than root. */
export function readCompiled(): CompiledPolicy | null {
  if (findUntrusted(COMPILED_FILE, 'file') !== null) return null;
  try {
    return parseCompiled(readFileSync(COMPILED_FILE, 'latin1'));
  } catch {
    return null;
  }
}

/** Null: another format, or a part is missing. Throws SyntaxError if the text is not JSON. */
export function parseCompiled(text: string): CompiledPolicy | null {
  const compiled = JSON.parse(text) as CompiledPolicy | null;
  if (compiled?.format !== FORMAT || typeof compiled.names !== 'string') return null;
  const { daemons, remote, globs, paths, exempt } = compiled;
  return [daemons, remote, globs, paths, exempt].every((list) => Array.isArray(list)) ? compiled : null;
}

/** Reads `onError` even from a damaged policy or one of another version. Null: not set, or not trusted. */
export function keptOnError(): OnError | null {
  if (findUntrusted(COMPILED_FILE, 'file') !== null) return null;
  try {
    const said = /^\{"onError":"(open|closed)",\n/.exec(readFileSync(COMPILED_FILE, 'latin1'))?.[1];
    return said === 'open' || said === 'closed' ? said : null;
  } catch {
    return null;
  }
}

/**
 * Each lookup searches the compiled form, so opening a policy builds nothing.
 * @param physicalOf where a path of the config leads through symlinks; null: as written. Asked only for a path that
 * has no rule
 */
export function openPolicy(compiled: CompiledPolicy, physicalOf: (path: string) => string | null = () => null): Policy {
  let physical: PhysicalPath[] | null = null;
  const ruleOf: RuleOf = (pattern, [daemon, line]) => ({ daemon: compiled.daemons[daemon]?.name ?? '', pattern, line });
  return {
    file: compiled.file,
    mode: compiled.mode,
    default: compiled.default,
    daemons: compiled.daemons,
    exempt: compiled.exempt,
    bypass: compiled.bypass,
    notices: compiled.notices,
    contact: compiled.contact,
    personal: openPersonal(compiled.personal),
    ownersOfName(name) {
      const literal = holdersOf(compiled.names, name);
      const rules =
        literal.length > 0
          ? literal.map((holder) => ruleOf(name, holder))
          : matchingGlobs(compiled.globs, name).map(([pattern, holder]) => ruleOf(pattern, holder));
      return rules.sort(byDaemon);
    },
    ownersOfPath(path) {
      const written = longestAbove(path, compiled.paths);
      const entries =
        written.length > 0 ? written : longestAbove(path, (physical ??= physicalPaths(compiled, physicalOf)));
      return entries.map(([prefix, daemon, line, pattern = prefix]) => ruleOf(pattern, [daemon, line])).sort(byDaemon);
    },
    namesMatching(test) {
      const rules: Rule[] = [];
      for (const [name, holders] of namesOf(compiled.names)) {
        if (test(name)) rules.push(...holders.map((holder) => ruleOf(name, holder)).sort(byDaemon));
      }
      return rules;
    },
  };
}

function openPersonal(personal: CompiledPolicy['personal']): Policy['personal'] {
  if (personal === null) return null;
  const { names, globs, groups, line } = personal;
  return { groups, line, matchesUser: (name) => names.includes(name) || matchingGlobs(globs, name).length > 0 };
}

function byDaemon(a: Rule, b: Rule): number {
  return a.daemon < b.daemon ? -1 : a.daemon > b.daemon ? 1 : 0;
}

/** With the path as the config writes it. */
type PhysicalPath = readonly [...PathEntry, pattern: string];

/** The longest first, as in `paths`. */
function physicalPaths({ paths }: CompiledPolicy, physicalOf: (path: string) => string | null): PhysicalPath[] {
  return paths
    .flatMap(([pattern, daemon, line]): PhysicalPath[] => {
      const physical = physicalOf(pattern);
      return physical === null ? [] : [[physical, daemon, line, pattern]];
    })
    .sort(([a], [b]) => b.length - a.length);
}

/** The entries of the longest path that contains this one. @param entries the longest first */
function longestAbove(
  path: string,
  entries: readonly (PathEntry | PhysicalPath)[],
): readonly (readonly [...PathEntry, pattern?: string])[] {
  const longest = entries.find(([prefix]) => isBelow(path, prefix))?.[0];
  return entries.filter(([prefix]) => prefix === longest);
}

/** `/var/www` contains `/var/www/x`, but not `/var/www2`. */
function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || prefix === '/' || path[prefix.length] === '/');
}
