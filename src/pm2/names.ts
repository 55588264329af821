import { basename } from 'node:path';

// lib/Common.js knonwConfigFileExtensions, 5.4 to 7.0.
const extensions = ['.json', '.yml', '.yaml', '.config.js', '.config.cjs', '.config.mjs'];

/**
 * Whether PM2 takes a word for a process file. It searches the whole word for the extension (lib/Common.js
 * isConfigFile): `api.json-worker` is one, `ecosystem.js` is not.
 */
export function isProcessFile(word: string): boolean {
  return extensions.some((extension) => word.includes(extension));
}

/**
 * PM2's default name of a script or command line: the last path segment up to its last dot, unless that dot is the
 * first character (lib/Common.js renderApplicationName, 5.4 to 7.0).
 */
export function scriptName(script: string): string {
  const name = basename(script);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/**
 * The name that the caller's environment gives every app it starts. The daemon spreads the stored environment over
 * the app's fields (lib/God.js executeApp), so a variable `name` or `namespace` overrides command line and process
 * file. Inside a managed app (`pm_id`, PM2_PROGRAMMATIC) Common.safeExtend omits `name`, but not `namespace`.
 * --filter-env takes the whole environment again, except variables whose name contains one of its words
 * (lib/Common.js prepareAppConf, 5.4 to 7.0).
 * @returns undefined if the environment does not say
 */
export function environmentName(
  env: NodeJS.ProcessEnv,
  key: 'name' | 'namespace',
  filters: readonly string[] = [],
): string | undefined {
  if (filters.some((filter) => key.includes(filter))) return undefined;
  const managed = env.pm_id !== undefined || Boolean(env.PM2_PROGRAMMATIC);
  return key === 'name' && managed && filters.length === 0 ? undefined : env[key];
}
