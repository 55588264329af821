import { basename } from 'node:path';

// lib/Common.js knonwConfigFileExtensions, 5.4 to 7.0.
const extensions = ['.json', '.yml', '.yaml', '.config.js', '.config.cjs', '.config.mjs'];

/**
 * Whether PM2 takes a word for a process file: it looks for the extension anywhere in the word (lib/Common.js
 * isConfigFile), so `api.json-worker` is one and `ecosystem.js` is not.
 */
export function isProcessFile(word: string): boolean {
  return extensions.some((extension) => word.includes(extension));
}

/**
 * The name PM2 gives a script or command line that has none: its last path segment up to the last dot, unless that dot
 * is the first character (lib/Common.js renderApplicationName, 5.4 to 7.0).
 */
export function scriptName(script: string): string {
  const name = basename(script);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/**
 * What the caller's environment calls every app it starts. The daemon spreads the stored environment over the app's own
 * fields (lib/God.js executeApp), so a variable called `name` or `namespace` beats the command line and the process
 * file. Inside a managed app (`pm_id`, PM2_PROGRAMMATIC) Common.safeExtend leaves `name` out, `namespace` not;
 * --filter-env takes all of the environment again, but for the variables whose name holds one of its words
 * (lib/Common.js prepareAppConf, 5.4 to 7.0).
 *
 * @returns undefined where the environment does not say
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
