import type { App } from './invocation.ts';

/**
 * Limits on a daemon's answer, a dump or a process file, because another user may have written it. PATH_MAX is 4096
 * (linux/limits.h); PM2 itself sets no limits.
 */
export const LIMITS = { text: 4096, processes: 20_000, depth: 64 } as const;

/**
 * The app in a `pm2_env`, PM2's record of a process in its daemon's memory and in dump.pm2.
 * @returns null if it is none, or its name is longer than LIMITS.text
 */
export function appOf(env: unknown): App | null {
  const name = fieldOf(env, 'name');
  if (name === null) return null;
  return {
    name,
    namespace: fieldOf(env, 'namespace'),
    script: fieldOf(env, 'pm_exec_path'),
    cwd: fieldOf(env, 'pm_cwd'),
  };
}

/** The valid apps of a list that another process sent. Null: it is no list. */
export function appsIn(value: unknown): App[] | null {
  return (
    listOf(value)?.flatMap((entry) => {
      const name = fieldOf(entry, 'name');
      return name === null
        ? []
        : [
            {
              name,
              namespace: fieldOf(entry, 'namespace'),
              script: fieldOf(entry, 'script'),
              cwd: fieldOf(entry, 'cwd'),
              ...runAsOf(valueOf(entry, 'runAs')),
            },
          ];
    }) ?? null
  );
}

function runAsOf(value: unknown): Pick<App, 'runAs'> {
  const said = { user: fieldOf(value, 'user'), group: fieldOf(value, 'group') };
  return said.user === null && said.group === null ? {} : { runAs: said };
}

/** An own field that is a string, not empty and not longer than LIMITS.text. */
export function fieldOf(record: unknown, key: string): string | null {
  const value = valueOf(record, key);
  return typeof value === 'string' && value !== '' && value.length <= LIMITS.text ? value : null;
}

/** An own field that is a finite number. */
export function numberOf(record: unknown, key: string): number | null {
  const value = valueOf(record, key);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** An own field that is a whole number from 0 to `most`: an id, a pid, a count. */
export function countOf(record: unknown, key: string, most: number = Number.MAX_SAFE_INTEGER): number | null {
  const value = numberOf(record, key);
  return value !== null && Number.isInteger(value) && value >= 0 && value <= most ? value : null;
}

/** The greatest pid of 64-bit Linux (PID_MAX_LIMIT in linux/threads.h). */
export const MOST_PIDS = 4_194_304;

/** The first LIMITS.processes entries of a list; null: it is no list. */
export function listOf(value: unknown): unknown[] | null {
  return Array.isArray(value) ? value.slice(0, LIMITS.processes) : null;
}

/** Whether a value is nested at most LIMITS.depth levels deep, so that recursion over it is safe. */
export function isShallow(value: unknown, left: number = LIMITS.depth): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((inner) => isShallow(inner, left - 1));
}

function valueOf(record: unknown, key: string): unknown {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, key)) return undefined;
  return (record as Record<string, unknown>)[key];
}
