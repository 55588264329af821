import { asPm2Home } from '../runtime/brands.ts';
import { isAbsolute, join, resolve } from 'node:path';
import { accountByName, groupByGid, groupByName } from '../identity/accounts.ts';
import { fileId } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';
import type { ConfigError } from './config-error.ts';
import { pm2HomeFault } from './pm2-home-fault.ts';
import type { Daemon } from './policy.ts';
import type { Config, DaemonConfig } from './schema.ts';
import { errorAt, lineAt, type ConfigSource } from './source.ts';
import { didYouMean } from './suggest.ts';

export interface Resolved {
  daemons: Daemon[];
  errors: ConfigError[];
  /** Possible mistakes. */
  notes: string[];
}

/** Resolves the users and PM2_HOMEs of the daemons on this host, and finds conflicts between them. */
export function resolveDaemons(source: ConfigSource, config: Config): Resolved {
  const errors: ConfigError[] = [];
  const daemons: Daemon[] = [];
  const names = Object.keys(config.daemons);
  if (names.length === 0) errors.push(errorAt(source, ['daemons'], 'key', '"daemons" is empty', 'at least one daemon'));
  for (const [name, daemon] of Object.entries(config.daemons)) {
    const resolved = resolveDaemon(source, config, name, daemon);
    if ('kind' in resolved) {
      errors.push(resolved);
      continue;
    }
    const twin = daemons.find(
      (other) => other.pm2Home === resolved.pm2Home || (other.uid === resolved.uid && sameDirectory(other, resolved)),
    );
    if (twin)
      errors.push(
        errorAt(
          source,
          ['daemons', name, 'home'],
          'value',
          `daemons ${twin.name} (line ${twin.line}) and ${name} have one PM2_HOME, ` +
            `${resolved.pm2Home}${twin.pm2Home === resolved.pm2Home ? '' : `, which is also ${twin.pm2Home}`}`,
          'a PM2_HOME for each daemon',
        ),
      );
    const fault = resolved.uid === 0 ? pm2HomeFault(resolved.pm2Home) : null;
    if (fault !== null) {
      const who = `${name} runs as ${resolved.user}`;
      const message = `${who}, and others can change its PM2_HOME ${resolved.pm2Home}: ${fault}`;
      errors.push(errorAt(source, ['daemons', name, 'home'], 'value', message, 'a PM2_HOME that only root can change'));
    }
    daemons.push(resolved);
  }
  if (config.default !== undefined && !names.includes(config.default)) {
    const meant = didYouMean(config.default, names);
    errors.push(
      errorAt(
        source,
        ['default'],
        'value',
        `there is no daemon "${config.default}"${meant === null ? '' : `: did you mean "${meant}"?`}`,
        `one of ${names.join(', ')}`,
      ),
    );
  }
  const notes = [...notesOnPeople(source, config), ...notesOnPins(source, daemons), ...notesOnLinks(source, daemons)];
  return { daemons, errors, notes };
}

/** valibot silently drops keys such as `__proto__`. */
export function badDaemonNames(source: ConfigSource, value: unknown): ConfigError[] {
  const daemons = (value as { daemons?: unknown } | null | undefined)?.daemons;
  if (daemons === null || typeof daemons !== 'object' || Array.isArray(daemons)) return [];
  return Object.keys(daemons)
    .filter((name) => !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name) || ['constructor', 'prototype'].includes(name))
    .map((name) =>
      errorAt(
        source,
        ['daemons', name],
        'key',
        `${JSON.stringify(name)} cannot name a daemon`,
        'letters, digits, "_", "." and "-", a letter or a digit first',
      ),
    );
}

function resolveDaemon(source: ConfigSource, config: Config, name: string, daemon: DaemonConfig): Daemon | ConfigError {
  const account = accountByName(daemon.user);
  if (account === null)
    return errorAt(
      source,
      ['daemons', name, 'user'],
      'value',
      `there is no user "${daemon.user}"`,
      'a user that getent passwd finds',
    );
  if (daemon.home === undefined && !isAbsolute(account.homeDirectory)) {
    return errorAt(
      source,
      ['daemons', name, 'user'],
      'value',
      `user ${account.name} has no home directory, so ${name} has no PM2_HOME`,
      'home: with an absolute path',
    );
  }
  return {
    name,
    user: account.name,
    uid: account.uid,
    gid: account.gid,
    group: groupByGid(account.gid)?.name ?? String(account.gid),
    homeDirectory: account.homeDirectory,
    shell: account.shell,
    pm2Home: asPm2Home(resolve(daemon.home ?? join(account.homeDirectory, '.pm2'))),
    mode: daemon.mode ?? config.mode,
    pm2: daemon.pm2 === undefined ? null : resolve(daemon.pm2),
    node: daemon.node === undefined ? null : resolve(daemon.node),
    operators: daemon.operators ?? [],
    line: lineAt(source, ['daemons', name], 'key'),
  };
}

/** Compares device and inode if both exist (symlinks, bind mounts). */
function sameDirectory(one: Daemon, other: Daemon): boolean {
  const inode = fileId(one.pm2Home);
  return inode !== null && inode === fileId(other.pm2Home);
}

/** A user can link a PM2_HOME to another user's, so this must not make the config unusable. */
function* notesOnLinks(source: ConfigSource, daemons: readonly Daemon[]): Generator<string> {
  for (const [index, one] of daemons.entries()) {
    const other = daemons.slice(0, index).find((before) => before.uid !== one.uid && sameDirectory(before, one));
    if (other === undefined || other.pm2Home === one.pm2Home) continue;
    const line = lineAt(source, ['daemons', one.name, 'home'], 'value');
    yield (
      `${source.file}:${line}: ${one.name} has the same PM2_HOME as ${other.name}: ` +
      `${one.pm2Home} is also ${other.pm2Home}`
    );
  }
}

/** The guard does not run such a pin as root (PG113). */
function* notesOnPins(source: ConfigSource, daemons: readonly Daemon[]): Generator<string> {
  for (const { name, uid, pm2, node } of daemons) {
    for (const [key, pin] of Object.entries({ pm2, node })) {
      const fault = uid !== 0 || pin === null ? null : findUntrusted(pin, 'file');
      if (fault === null || fault.kind === 'missing') continue;
      const line = lineAt(source, ['daemons', name, key], 'value');
      yield `${source.file}:${line}: ${name} runs as root, and its ${key} will not be run: ${fault.path} ${fault.why}`;
    }
  }
}

function* notesOnPeople(source: ConfigSource, config: Config): Generator<string> {
  for (const [index, user] of (config.personal ?? []).entries()) {
    const known = user.startsWith('%') ? groupByName(user.slice(1)) : /[*?[{]/.test(user) ? user : accountByName(user);
    if (known !== null) continue;
    const kind = user.startsWith('%') ? 'group' : 'user';
    const line = lineAt(source, ['personal', index], 'value');
    yield `${source.file}:${line}: personal names "${user}", and there is no such ${kind}`;
  }
  for (const [index, user] of (config.exempt ?? []).entries()) {
    const line = lineAt(source, ['exempt', index], 'value');
    if (accountByName(user) === null) yield `${source.file}:${line}: exempt names "${user}", and there is no such user`;
  }
  for (const [name, { operators = [] }] of Object.entries(config.daemons)) {
    for (const [index, operator] of operators.entries()) {
      const isGroup = operator.startsWith('%');
      const known = isGroup ? groupByName(operator.slice(1)) : accountByName(operator);
      if (known !== null) continue;
      const line = lineAt(source, ['daemons', name, 'operators', index], 'value');
      const kind = isGroup ? 'group' : 'user';
      yield `${source.file}:${line}: operators of ${name} names "${operator}", and there is no such ${kind}`;
    }
  }
}
