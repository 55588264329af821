import * as v from 'valibot';
import { didYouMean } from './suggest.ts';
import { errorAt, type ConfigPath, type ConfigSource } from './source.ts';
import type { ConfigError } from './config-error.ts';
import type { Notices, OnError } from './policy.ts';

// Each message completes a sentence after the word `expected`.
const name = (expected: string) => v.pipe(v.string(expected), v.nonEmpty(expected));
const list = <Item extends v.GenericSchema>(item: Item, expected: string) => v.array(item, expected);
const absolute = (expected: string) => v.pipe(v.string(expected), v.regex(/^\/[^\0]*$/, expected));
// Names that useradd(8) and sssd allow, without the syntax of sudoers(5).
const account = (expected: string) =>
  v.pipe(v.string(expected), v.regex(/^[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?$/, expected));
// As above. A group of a directory service may have spaces ("%domain users"), which sudoers(5) can quote.
const OPERATOR = /^(?:%(?=.*\S$)[A-Za-z0-9_.][A-Za-z0-9_.@\\ -]*|[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?)$/;
const PERSONAL = 'a login name, a glob of login names, or a group as "%group"';
const USERS = /^(?:%(?=.*\S$)[A-Za-z0-9_.][A-Za-z0-9_.@\\ -]*|[A-Za-z0-9_.*?[{][A-Za-z0-9_.@\\*?[\]{},!-]*\$?)$/;
const CONTACT = 'one line of text, at most 200 characters';
const mode = v.picklist(['rewrite', 'block', 'observe'], 'rewrite, block or observe');
const notices: Notices[] = ['all', 'terminal', 'none'];
const onError = v.picklist(['open', 'closed'], 'open or closed');

// valibot accepts a list as an object with the keys 0, 1, 2.
const map = <Schema extends v.GenericSchema<Record<string, unknown>, unknown>>(schema: Schema, expected: string) =>
  v.pipe(
    v.custom<v.InferInput<Schema>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      expected,
    ),
    schema,
  );

const DAEMON = 'a daemon: user, and if need be home, apps, paths, operators, pm2, node, mode';
const daemon = v.strictObject(
  {
    user: account('the login name of the user whose daemon it is'),
    home: v.optional(absolute('the absolute path of its PM2_HOME')),
    apps: v.optional(
      list(
        name("an app's name or a glob, as text (quote what is a number, or starts with * or @)"),
        'a list of app names and globs',
      ),
    ),
    paths: v.optional(list(absolute('the absolute path of a directory or a script'), 'a list of absolute paths')),
    operators: v.optional(
      list(
        v.pipe(
          v.string('a login name, or a group as "%group"'),
          v.regex(OPERATOR, 'a login name, or a group as "%group"'),
        ),
        'a list of users and %groups',
      ),
    ),
    pm2: v.optional(absolute('the absolute path of the real pm2')),
    node: v.optional(absolute('the absolute path of a node')),
    mode: v.optional(mode),
  },
  DAEMON,
);

const CONFIG = 'a config: daemons, and if need be mode, default, personal, exempt, bypass, on_error, notices, contact';
const config = v.strictObject(
  {
    mode: v.optional(mode, 'rewrite'),
    default: v.optional(name('the name of one of the daemons')),
    daemons: map(v.record(v.string(), map(daemon, DAEMON)), 'daemons by name, each with its user'),
    personal: v.optional(
      list(v.pipe(v.string(PERSONAL), v.regex(USERS, PERSONAL)), 'a list of users, globs of users and %groups'),
    ),
    exempt: v.optional(list(account('a login name'), 'a list of login names')),
    bypass: v.optional(v.picklist(['anyone', 'root', 'nobody'], 'anyone, root or nobody'), 'anyone'),
    on_error: v.optional(onError),
    notices: v.optional(v.picklist(notices, 'all, terminal or none'), 'all'),
    contact: v.optional(v.pipe(v.string(CONTACT), v.regex(/^[^\p{Cc}]{1,200}$/u, CONTACT))),
  },
  CONFIG,
);

/** The shape of the config. resolve.ts checks what the values mean together. */
export type Config = v.InferOutput<typeof config>;
export type DaemonConfig = v.InferOutput<typeof daemon>;

export type ValidConfig = { type: 'config'; config: Config } | { type: 'errors'; errors: ConfigError[] };

/** Reads `on_error` even from an invalid config. Null: unreadable. */
export function onErrorOf(value: unknown): OnError | null {
  if (typeof value !== 'object' || value === null || !('on_error' in value)) return null;
  const said = v.safeParse(onError, value.on_error);
  return said.success ? said.output : null;
}

/** Each error points at the key or the value. */
export function validate(source: ConfigSource, value: unknown): ValidConfig {
  const result = v.safeParse(map(config, CONFIG), value);
  if (result.success) return { type: 'config', config: result.output };
  return { type: 'errors', errors: result.issues.map((issue) => errorOf(source, issue)) };
}

function errorOf(source: ConfigSource, issue: v.BaseIssue<unknown>): ConfigError {
  const path: ConfigPath = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const key = String(path[path.length - 1] ?? 'the config');
  if (issue.type === 'strict_object' && issue.path?.[path.length - 1]?.origin === 'key') {
    if (issue.expected !== 'never')
      return errorAt(
        source,
        path,
        'key',
        `${path.length === 1 ? 'the config' : String(path[path.length - 2])} has no "${key}"`,
        issue.message,
      );
    const keys = Object.keys(path.length === 1 ? config.entries : daemon.entries);
    const meant = didYouMean(key, keys);
    return errorAt(
      source,
      path,
      'key',
      `unknown key "${key}"${meant === null ? '' : `: did you mean "${meant}"?`}`,
      `one of ${keys.join(', ')}`,
    );
  }
  const what =
    typeof path[path.length - 1] === 'number'
      ? `an entry of "${String(path[path.length - 2])}"`
      : path.length === 0
        ? key
        : `"${key}"`;
  return errorAt(source, path, 'value', `${what} is ${inWords(issue.input)}`, issue.message);
}

function inWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  const type = typeof value === 'string' ? '' : `the ${typeof value} `;
  return type + (text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
