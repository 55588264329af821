import type { Pm2Home } from '../../runtime/brands.ts';
import { join } from 'node:path';
import { readDumpRecords } from '../../pm2/dump.ts';
import { fieldOf } from '../../pm2/process.ts';

/** Security: values of variables never leave this file. */
export interface SavedList {
  file: string;
  apps: SavedApp[];
}

export interface SavedApp {
  name: string;
  script: string | null;
  /** HOME in its environment. */
  homeDirectory: string | null;
  pm2Home: string | null;
  /** Pid and log files. */
  paths: string[];
  /** Names of set variables that look like secrets. */
  secrets: string[];
}

/** DB_PASSWORD, STRIPE_API_KEY, githubToken */
const PASSWORD = /PASS(WORD|WD|PHRASE)?($|_)|PWD$/;
const KEY = /(API|ACCESS|PRIVATE|SIGNING|ENCRYPTION)_?KEY/;
const OTHER_SECRET = /SECRET|TOKEN|CREDENTIAL|(^|_)DSN($|_)/;
const SECRET = new RegExp([PASSWORD, KEY, OTHER_SECRET].map(({ source }) => source).join('|'), 'i');
/** Match SECRET, but are working directories. */
const NO_SECRET = /^(PWD|OLDPWD)$/;
/** `postgres://web:hunter2@db/shop` */
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

/** Skips missing, unreadable and invalid lists. `mayRead` is asked before each (budget.ts). */
export function savedLists(pm2Home: Pm2Home, mayRead: (file: string) => boolean = () => true): SavedList[] {
  return ['dump.pm2', 'dump.pm2.bak'].flatMap((file) => {
    const path = join(pm2Home, file);
    const records = mayRead(path) ? readDumpRecords(path) : null;
    return records === null ? [] : [{ file, apps: records.map(appOf).filter((app) => app !== null) }];
  });
}

function appOf(entry: unknown): SavedApp | null {
  const name = fieldOf(entry, 'name');
  if (name === null) return null;
  const env = typeof entry === 'object' && entry !== null && 'env' in entry ? entry.env : null;
  // PM2 5, 6 and 7 save the environment as `env` and in the record (docs/pm2-internals.md section 5.1).
  return {
    name,
    script: fieldOf(entry, 'pm_exec_path'),
    homeDirectory: fieldOf(env, 'HOME') ?? fieldOf(entry, 'HOME'),
    pm2Home: fieldOf(env, 'PM2_HOME') ?? fieldOf(entry, 'PM2_HOME'),
    paths: ['pm_pid_path', 'pm_out_log_path', 'pm_err_log_path', 'pm_log_path']
      .map((key) => fieldOf(entry, key))
      .filter((path) => path !== null),
    secrets: secretNames(env),
  };
}

function secretNames(env: unknown): string[] {
  if (typeof env !== 'object' || env === null) return [];
  return Object.entries(env)
    .filter(
      ([name, value]) =>
        typeof value === 'string' &&
        value !== '' &&
        !NO_SECRET.test(name) &&
        (SECRET.test(name) || URL_WITH_PASSWORD.test(value)),
    )
    .map(([name]) => name)
    .sort();
}
