import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { App } from './invocation.ts';
import { scriptName } from './names.ts';

/** The kinds of process file, as Common.isConfigFile tells them apart. */
export type FileKind = 'json' | 'yaml' | 'js' | 'mjs';

/** What of the call decides the names. */
export interface FileQuestion {
  /**
   * `start`: the file goes through API._startJson (start, restart, reload, startOr*); `act`: through
   * API.actionFromJson, which knows neither `pm2` nor `static` nor append_env_to_name (stop, delete, and restart of
   * standard input).
   */
  form: 'start' | 'act';
  only: readonly string[];
  /** Global options of the same name. */
  env: string | null;
  namespace: string | null;
  cwd: string | null;
  /** The caller's working directory. */
  from: string;
  /**
   * `name` and `namespace` in the environment, by which the daemon renames whatever is started (docs/pm2-internals.md
   * section 3).
   */
  rename: { name: string | null; namespace: string | null };
}

const KINDS: [part: string, kind: FileKind][] = [
  ['.json', 'json'],
  ['.yml', 'yaml'],
  ['.yaml', 'yaml'],
  ['.config.js', 'js'],
  ['.config.cjs', 'js'],
  ['.config.mjs', 'mjs'],
];

/**
 * Which kind of process file PM2 takes this word for: any part of it decides, in this order (lib/Common.js
 * isConfigFile).
 */
export function kindOfFile(word: string): FileKind | null {
  return KINDS.find(([part]) => word.includes(part))?.[1] ?? null;
}

type Fields = Record<string, unknown>;

/**
 * The apps that a process file, once evaluated, declares to this call: lib/API.js _startJson and actionFromJson, with
 * the names of Common.verifyConfs (PM2 5.4 to 7.0). An app that the environment renames is listed under both names.
 *
 * @param config what the file evaluated to
 * @returns null where PM2 would refuse it
 */
export function declaredApps(config: unknown, question: FileQuestion): App[] | null {
  if (!isFields(config)) return null;
  const listed = config.apps || (question.form === 'start' && config.pm2) || config;
  const apps: App[] = [];
  for (const entry of Array.isArray(listed) ? (listed as unknown[]) : [listed]) {
    const found = appsOfEntry(entry, question);
    if (found === null) return null; // one bad entry and PM2 starts none
    apps.push(...found);
  }
  if (question.form === 'start' && config.static) {
    if (!Array.isArray(config.static)) return null;
    apps.push(...(config.static as unknown[]).flatMap((entry) => appOfStatic(entry, question)));
  }
  return apps;
}

function appsOfEntry(entry: unknown, question: FileQuestion): App[] | null {
  if (!isFields(entry)) return null;
  const command = entry.script || entry.cmd || entry.command;
  const name = entry.name || (typeof command === 'string' ? scriptName(command) : undefined);
  const script = command || entry.exec;
  const { cwd, namespace } = entry;
  if (
    ![name, script, cwd, namespace].every((value) => value === undefined || value === null || typeof value === 'string')
  )
    return null;
  // PM2 drops it; one that only lacks its script still acts on a running app of its name
  if (typeof name !== 'string') return [];
  if (question.only.length > 0 && !question.only.includes(name)) return [];
  const suffix = question.form === 'start' && entry.append_env_to_name && question.env ? `-${question.env}` : '';
  const directory = resolve(
    question.from,
    (question.form === 'start' && question.cwd) || (typeof cwd === 'string' ? cwd : ''),
  );
  const app: App = {
    name: name + suffix,
    namespace: (typeof namespace === 'string' && namespace) || question.namespace,
    script: scriptIn(directory, script),
    cwd: directory,
    ...runAs(entry),
  };
  return renamed(app, entry, question);
}

/** lib/Common.js verifyConfs: `uid`, `gid` and `user` are refused to all but root. */
function runAs({ uid, gid, user }: Fields): Pick<App, 'runAs'> {
  const said = { user: idOf(uid) ?? idOf(user), group: idOf(gid) };
  return said.user === null && said.group === null ? {} : { runAs: said };
}

function idOf(value: unknown): string | null {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && value !== 0)
    ? String(value)
    : null;
}

/** `static`: a file server of PM2's own for each entry. */
function appOfStatic(entry: unknown, question: FileQuestion): App[] {
  if (!isFields(entry)) return [];
  const name = typeof entry.name === 'string' && entry.name ? entry.name : `static-page-server-${String(entry.port)}`;
  if (question.only.length > 0 && !question.only.includes(name)) return [];
  return renamed(
    { name, namespace: question.namespace, script: null, cwd: question.cwd ?? question.from },
    {},
    question,
  );
}

/** God.executeApp lays the environment over the app: a variable called `name` is its name from then on. */
function renamed(app: App, entry: Fields, { form, env, rename }: FileQuestion): App[] {
  if (form === 'act') return [app];
  const variables = { ...rename, ...fields(entry.env), ...fields(env === null ? null : entry[`env_${env}`]) };
  const name = typeof variables.name === 'string' && variables.name ? variables.name : app.name;
  const namespace =
    typeof variables.namespace === 'string' && variables.namespace ? variables.namespace : app.namespace;
  if (name === app.name && namespace === app.namespace) return [app];
  return [app, { ...app, name, namespace }];
}

/** null: a command line for a shell, one of PATH's commands, or PM2's file server. */
function scriptIn(directory: string, script: unknown): string | null {
  if (typeof script !== 'string' || script.includes(' ') || script === 'serve') return null;
  const path = resolve(directory, script);
  return existsSync(path) ? path : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}
