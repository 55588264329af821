import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { App } from './invocation.ts';
import { scriptName } from './names.ts';

export type FileKind = 'json' | 'yaml' | 'js' | 'mjs';

/** The parts of the call that decide the names. */
export interface FileQuestion {
  /**
   * `start`: API._startJson (start, restart, reload, startOr*). `act`: API.actionFromJson, which ignores `pm2`,
   * `static` and append_env_to_name (stop, delete, and restart from standard input).
   */
  form: 'start' | 'act';
  only: readonly string[];
  /** Global options of the same name. */
  env: string | null;
  namespace: string | null;
  cwd: string | null;
  from: string;
  /** The environment's `name` and `namespace`, which rename started apps (docs/pm2-internals.md section 3). */
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

/** The kind of process file that PM2 takes this word for, tested in this order (lib/Common.js isConfigFile). */
export function kindOfFile(word: string): FileKind | null {
  return KINDS.find(([part]) => word.includes(part))?.[1] ?? null;
}

type Fields = Record<string, unknown>;

/**
 * The apps that an evaluated process file declares to this call: lib/API.js _startJson and actionFromJson, with the
 * names of Common.verifyConfs (PM2 5.4 to 7.0). An app that the environment renames is listed under both names.
 * @param config the value of the file
 * @returns null if PM2 would refuse it
 */
export function declaredApps(config: unknown, question: FileQuestion): App[] | null {
  if (!isFields(config)) return null;
  const listed = config.apps || (question.form === 'start' && config.pm2) || config;
  const apps: App[] = [];
  for (const entry of Array.isArray(listed) ? (listed as unknown[]) : [listed]) {
    const found = appsOfEntry(entry, question);
    if (found === null) return null; // PM2 starts none if one entry is bad
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
  // PM2 drops it. An entry without a script still acts on a running app of its name.
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

/** lib/Common.js verifyConfs: only root may set `uid`, `gid` and `user`. */
function runAs({ uid, gid, user }: Fields): Pick<App, 'runAs'> {
  const said = { user: idOf(uid) ?? idOf(user), group: idOf(gid) };
  return said.user === null && said.group === null ? {} : { runAs: said };
}

function idOf(value: unknown): string | null {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && value !== 0)
    ? String(value)
    : null;
}

/** `static`: PM2 runs its file server for each entry. */
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

/** God.executeApp spreads the environment over the app, so a variable `name` becomes its name. */
function renamed(app: App, entry: Fields, { form, env, rename }: FileQuestion): App[] {
  if (form === 'act') return [app];
  const variables = { ...rename, ...fields(entry.env), ...fields(env === null ? null : entry[`env_${env}`]) };
  const name = typeof variables.name === 'string' && variables.name ? variables.name : app.name;
  const namespace =
    typeof variables.namespace === 'string' && variables.namespace ? variables.namespace : app.namespace;
  if (name === app.name && namespace === app.namespace) return [app];
  return [app, { ...app, name, namespace }];
}

/** null: a shell command line, a command of PATH, or PM2's file server. */
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
