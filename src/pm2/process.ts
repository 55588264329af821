import type { App } from './invocation.ts';

/**
 * The app in a `pm2_env`, PM2's record of a process in its daemon's memory and in dump.pm2; null where it is none.
 * Whoever owns the daemon decides what it says, so that every field may be missing or of another type.
 */
export function appOf(env: unknown): App | null {
  const name = fieldOf(env, 'name');
  if (name === null) return null;
  return { name, namespace: fieldOf(env, 'namespace'), script: fieldOf(env, 'pm_exec_path'), cwd: fieldOf(env, 'pm_cwd') };
}

/** A field that is a string and not empty. */
export function fieldOf(record: unknown, key: string): string | null {
  if (typeof record !== 'object' || record === null) return null;
  const value = (record as Record<string, unknown>)[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A field that is a number. */
export function numberOf(record: unknown, key: string): number | null {
  if (typeof record !== 'object' || record === null) return null;
  const value = (record as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : null;
}
