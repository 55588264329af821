import { lstatSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { isRootBySudo } from '../identity/caller.ts';
import { asPosix, type Uid } from '../runtime/brands.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { allFaults, repairsOf } from '../trust/all-faults.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { fileError, type ConfigError } from './config-error.ts';

/** The first file that exists. Absolute paths only: any user can write a file in a current directory. */
export const CONFIG_PLACES = [
  '/etc/pm2-guard/config.yaml',
  '/etc/pm2-guard/config.yml',
  '/etc/pm2-guard/config.json',
] as const;

export const COMPILED_DIRECTORY = '/var/lib/pm2-guard';
export const COMPILED_FILE = `${COMPILED_DIRECTORY}/policy.json`;

/** If these files are unchanged, the resolved accounts are too. */
const ACCOUNTS = ['/etc/passwd', '/etc/group'];

/** `rootBySudo`: euid is 0, and SUDO_UID is set and not 0. */
export interface PolicyCaller {
  env: NodeJS.ProcessEnv;
  /** Null: policies of users are not read, and none is kept. */
  euid: Uid | null;
  rootBySudo: boolean;
}

/** Only reads: no policy is kept. */
export function policyReader(): PolicyCaller {
  const { env } = process;
  return { env, euid: null, rootBySudo: isRootBySudo(asPosix(process).geteuid(), env) };
}

/** Null: unset, or ignored. A user with `sudo pm2` must not choose root's policy by a variable (env_keep, SETENV). */
export function overridingConfig(caller: PolicyCaller): string | null {
  const named = caller.env['PM2_GUARD_CONFIG'];
  if (named === undefined || named === '' || caller.rootBySudo) return null;
  // `..` behind a symlink leads to another directory, so the path is normalised once for all readers.
  return isAbsolute(named) ? resolve(named) : named;
}

/** A config that exists but is unusable counts too: it is an error. */
export function standardConfig(): string | null {
  return (
    CONFIG_PLACES.find((path) => {
      try {
        lstatSync(path);
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return code !== 'ENOENT' && code !== 'ENOTDIR';
      }
    }) ?? null
  );
}

/** False for a file that PM2_GUARD_CONFIG names. */
export function isStandardConfig(file: string): boolean {
  return (CONFIG_PLACES as readonly string[]).includes(file);
}

export function missingConfig(): ConfigError {
  return fileError(
    'missing',
    CONFIG_PLACES[0],
    'there is no config',
    `a config there; draft one with: ${rootCommandLine('init')}`,
  );
}

/** What shows all errors of this config. sudo drops PM2_GUARD_CONFIG, so another file than the usual one is named. */
export function checkLine(file: string): string {
  return rootCommandLine('check', ...(isStandardConfig(file) ? [] : [file]));
}

/** Only root may be able to write the file, its directories and all symlink targets, as in sshd's StrictModes. */
export function configDistrust(path: string): ConfigError | null {
  if (!isAbsolute(path))
    return fileError('broken', path, 'is not an absolute path', 'PM2_GUARD_CONFIG=/an/absolute/path');
  const fault = findUntrusted(path, 'file');
  if (fault === null) return null;
  const elsewhere = fault.path === resolve(path) ? '' : `${fault.path} `;
  switch (fault.kind) {
    case 'missing':
      return fileError('missing', path, `${elsewhere}${fault.why}`);
    case 'unreadable':
    case 'type':
    case 'loop':
      return fileError(
        'broken',
        path,
        `${elsewhere}${fault.why}`,
        'a regular file, in directories that all users may enter',
      );
    case 'owner':
      return untrusted(path, fault, 'root to own it');
    case 'writable':
      return untrusted(path, fault, 'only root to write there');
  }
}

/** Changes only the first part with a wrong owner, which may be a home directory. */
function untrusted(path: string, fault: Distrust, wanted: string): ConfigError {
  const faults = allFaults([{ path, type: 'file' }]).filter(
    ({ kind, path: at }) => kind !== 'owner' || at === fault.path,
  );
  const repairs = repairsOf(faults, 'root').map((words) => commandLineHere(['sudo', ...words]));
  const message = `cannot be trusted: ${fault.path} ${fault.why}`;
  const how = repairs.length > 0 ? repairs.join(' && ') : 'move the file to a directory that only root can change';
  return fileError('untrusted', path, message, `${wanted}: ${how}`);
}

/** The state of a config and of the accounts. Equal states mean that no file changed. Null: unreadable. */
export function configState(config: string): string | null {
  const state = fileState(config);
  return state === null
    ? null
    : `${config} ${state} accounts ${ACCOUNTS.map((file) => fileState(file) ?? 'none').join(' ')}`;
}

export function configOf(state: string): string {
  return state.slice(0, state.lastIndexOf(' accounts '));
}

export function statedFiles(config: string): string[] {
  return [config, ...ACCOUNTS];
}

function fileState(path: string): string | null {
  try {
    // Follows symlinks, because the target was read. touch(1) and a restored backup cannot set ctime back.
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return null;
  }
}
