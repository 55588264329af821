import { extname, resolve } from 'node:path';
import type { Options } from './command-line.ts';
import type { Start, Target } from './invocation.ts';
import { environmentName, scriptName } from './names.ts';
import { numeric, only, argvIndexOf, target, type Read } from './targets.ts';

/** `start` takes names and ids of apps, process files and scripts. */
export const start: Read = (line, env, cwd) => {
  if (line.own.container === true) return { scope: 'host' }; // builds and runs a docker image
  const targets: Target[] = [];
  const starts: Start[] = [];
  for (const [argument, word] of line.args.entries()) {
    const at = argvIndexOf(line, argument);
    const found = target(word, at, cwd, { all: true, id: numeric, file: true, stdin: line.stdin });
    // A word with a slash or an extension is only a script; other words are first looked up as names (_startScript).
    if (found.kind !== 'name' || isBare(word)) targets.push(found);
    if (found.kind === 'name') starts.push(startOf(word, at, line.options, env, cwd));
  }
  return { scope: 'app', targets, starts, only: only(line.options, targets, true) };
};

function isBare(word: string): boolean {
  return !word.includes('/') && extname(word) === '';
}

function startOf(word: string, at: number | null, options: Options, env: NodeJS.ProcessEnv, cwd: string): Start {
  const filters = Array.isArray(options.filterEnv) ? options.filterEnv : [];
  const name = typeof options.name === 'string' && options.name !== '' ? options.name : scriptName(word);
  const namespace = typeof options.namespace === 'string' && options.namespace !== '' ? options.namespace : null;
  const folder = typeof options.cwd === 'string' ? resolve(cwd, options.cwd) : cwd;
  return {
    word,
    name: environmentName(env, 'name', filters) ?? name,
    namespace: environmentName(env, 'namespace', filters) ?? namespace,
    script: word.includes(' ') || isBare(word) ? null : resolve(folder, word),
    cwd: folder,
    at,
  };
}

/** `serve` starts PM2's own script in the served directory. It ignores --namespace (lib/API/Extra.js). */
export const serve: Read = (line, env, cwd) => {
  const port = env.PM2_SERVE_PORT || line.args[1] || line.own.port || 8080;
  const name =
    typeof line.options.name === 'string' ? line.options.name || 'Serve' : `static-page-server-${String(port)}`;
  const folder = resolve(cwd, env.PM2_SERVE_PATH || line.args[0] || '.');
  return { scope: 'app', starts: [unplaced(name, env, folder)] };
};

/** A start that no word of the line names. */
export function unplaced(name: string | null, env: NodeJS.ProcessEnv, cwd: string): Start {
  const namespace = environmentName(env, 'namespace') ?? null;
  return { word: null, name: environmentName(env, 'name') ?? name, namespace, script: null, cwd, at: null };
}
