import { readFileSync } from 'node:fs';
import { findUntrusted } from '../trust/trust.ts';
import { matchingGlobs, type Glob } from './globs.ts';
import { holdersOf, namesOf, type NameTable, type RuleOf } from './names.ts';
import { COMPILED_FILE } from './places.ts';
import type { Bypass, Daemon, Mode, Notices, OnError, Policy, Rule } from './policy.ts';

/** Raised whenever the shape below changes. */
export const FORMAT = 4;

/** Path prefix, index of the daemon, line. */
export type PathEntry = readonly [path: string, daemon: number, line: number];

/**
 * The compiled policy: JSON in ASCII, made for reading fast. Every policy goes through it, also one just read from
 * YAML.
 */
export interface CompiledPolicy {
  format: number;
  /** The pm2-guard that made it. */
  version: string;
  /** ISO 8601. */
  made: string;
  /** The state of the config and of the accounts that it was made from (places.ts). */
  from: string;
  file: string;
  mode: Mode;
  default: string | null;
  exempt: string[];
  bypass: Bypass;
  notices: Notices;
  contact: string | null;
  /** null: the config names none. */
  personal: { names: string[]; globs: Glob[]; groups: string[]; line: number } | null;
  /** null: the config leaves it to us. */
  onError: OnError | null;
  /** Sorted by name. */
  daemons: Daemon[];
  /** Of their users, those that are not in /etc/passwd: a directory server knows them. */
  remote: string[];
  names: NameTable;
  globs: Glob[];
  /** Longest first, then by path. */
  paths: PathEntry[];
}

/**
 * The compiled policy that is on disk; null where there is none, or none to believe: it is trusted like the config
 * itself, and one of another format or with a part missing is none.
 */
export function readCompiled(): CompiledPolicy | null {
  if (findUntrusted(COMPILED_FILE, 'file') !== null) return null;
  try {
    return parseCompiled(readFileSync(COMPILED_FILE, 'latin1'));
  } catch {
    return null;
  }
}

/**
 * The compiled policy in a text.
 *
 * @returns null where it has another format, or a part is missing
 * @throws SyntaxError where it is no JSON
 */
export function parseCompiled(text: string): CompiledPolicy | null {
  const compiled = JSON.parse(text) as CompiledPolicy | null;
  if (compiled?.format !== FORMAT || typeof compiled.names !== 'string') return null;
  const { daemons, remote, globs, paths, exempt } = compiled;
  return [daemons, remote, globs, paths, exempt].every((list) => Array.isArray(list)) ? compiled : null;
}

/**
 * What the last compiled policy says of errors, though it may be damaged or of another version; null: nothing, or
 * none to believe.
 */
export function keptOnError(): OnError | null {
  if (findUntrusted(COMPILED_FILE, 'file') !== null) return null;
  try {
    const said = /^\{"onError":"(open|closed)",\n/.exec(readFileSync(COMPILED_FILE, 'latin1'))?.[1];
    return said === 'open' || said === 'closed' ? said : null;
  } catch {
    return null;
  }
}

/** The policy that a compiled one stands for. Builds nothing: each lookup searches the compiled form. */
export function openPolicy(compiled: CompiledPolicy): Policy {
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
      const longest = compiled.paths.find(([prefix]) => isBelow(path, prefix))?.[0];
      return compiled.paths
        .filter(([prefix]) => prefix === longest)
        .map(([prefix, daemon, line]) => ruleOf(prefix, [daemon, line]))
        .sort(byDaemon);
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

/** Whether a path is a prefix or below it: `/var/www` holds `/var/www/x`, not `/var/www2`. */
function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || prefix === '/' || path[prefix.length] === '/');
}
