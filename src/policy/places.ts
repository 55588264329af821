import { lstatSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { quoteCommand } from '../terminal/shown.ts';
import { allFaults, repairsOf } from '../trust/all-faults.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { fileError, type ConfigError } from './config-error.ts';

/**
 * Where the config may be: the first that exists. Absolute, and nothing below the current directory is ever looked
 * at.
 */
export const CONFIG_PLACES = [
  '/etc/pm2-guard/config.yaml',
  '/etc/pm2-guard/config.yml',
  '/etc/pm2-guard/config.json',
] as const;

/** What is compiled from them. */
export const COMPILED_DIRECTORY = '/var/lib/pm2-guard';
export const COMPILED_FILE = `${COMPILED_DIRECTORY}/policy.json`;

/** Accounts are resolved when a policy is made. Where these files stand as they were, so do the accounts. */
const ACCOUNTS = ['/etc/passwd', '/etc/group'];

/** Who is going to use the policy. `rootBySudo`: euid 0, and SUDO_UID is set and not 0. */
export interface PolicyCaller {
  env: NodeJS.ProcessEnv;
  euid: number;
  rootBySudo: boolean;
}

/**
 * The file that PM2_GUARD_CONFIG names; null: none, or not for this caller. Whoever may run `sudo pm2` must not choose
 * by a variable which policy holds for root (sudo's env_keep and SETENV let variables through).
 */
export function overridingConfig(caller: PolicyCaller): string | null {
  const named = caller.env['PM2_GUARD_CONFIG'];
  if (named === undefined || named === '' || caller.rootBySudo) return null;
  // one spelling for all who look at it: `..` behind a link leads elsewhere
  return isAbsolute(named) ? resolve(named) : named;
}

/**
 * The config that is there; null: none. One that is there but cannot be used still counts: it is an error, not an
 * absence.
 */
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

/** The error of having no config at all. */
export function missingConfig(): ConfigError {
  return fileError(
    'missing',
    CONFIG_PLACES[0],
    'there is no config',
    'a config there; draft one with: sudo pm2-guard init',
  );
}

/**
 * Whether a config file may be believed, as sshd's StrictModes and sudo ask it of theirs: regular, root's, writable by
 * nobody else, and so is every directory above it and the target of every link on the way.
 */
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
        'a regular file, in directories that everybody may enter',
      );
    case 'owner':
      return untrusted(path, fault, 'root to own it');
    case 'writable':
      return untrusted(path, fault, 'only root to write there');
  }
}

/**
 * One line repairs it. It gives root no more than the first thing that is another owner's: that may be a home
 * directory.
 */
function untrusted(path: string, fault: Distrust, wanted: string): ConfigError {
  const faults = allFaults([{ path, type: 'file' }]).filter(
    ({ kind, path: at }) => kind !== 'owner' || at === fault.path,
  );
  const repairs = repairsOf(faults, 'root').map((words) => quoteCommand(['sudo', ...words]));
  const message = `cannot be trusted: ${fault.path} ${fault.why}`;
  return fileError('untrusted', path, message, `${wanted}: ${repairs.join(' && ')}`);
}

/**
 * One state of a config and of the accounts: equal only while neither was touched. null where it cannot be looked at.
 */
export function configState(config: string): string | null {
  const state = fileState(config);
  return state === null
    ? null
    : `${config} ${state} accounts ${ACCOUNTS.map((file) => fileState(file) ?? 'none').join(' ')}`;
}

/** Of a state, the config's part. */
export function configOf(state: string): string {
  return state.slice(0, state.lastIndexOf(' accounts '));
}

/** The files whose state it is. */
export function statedFiles(config: string): string[] {
  return [config, ...ACCOUNTS];
}

function fileState(path: string): string | null {
  try {
    // Through links: what they lead to is what was read. ctime cannot be set back by touch(1) or a backup's restore.
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return null;
  }
}
