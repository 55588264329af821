import type { SpawnSyncOptionsWithStringEncoding } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'shell-quote';
import { listDirectory, readTextOrEmpty } from '../runtime/peek.ts';
import { runProgram } from '../runtime/run-program.ts';

/** Default of Debian's systemd; others print their own (systemd-path(1)). */
const COMPILED_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PLAIN: SpawnSyncOptionsWithStringEncoding = {
  cwd: '/',
  env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  encoding: 'utf8',
  timeout: 5000,
  stdio: ['ignore', 'pipe', 'ignore'],
};
/** systemd-system.conf(5): of files with one name the last counts. */
const PLACES = ['/usr/lib/systemd', '/usr/local/lib/systemd', '/run/systemd', '/etc/systemd'];

/** Asks a running manager, otherwise reads its config (DefaultEnvironment=). Null: no systemd. */
export function systemdEnvironment(): Record<string, string> | null {
  if (!['/usr/lib/systemd/systemd', '/lib/systemd/systemd'].some((path) => existsSync(path))) return null;
  if (existsSync('/run/systemd/system')) {
    const { status, stdout } = runProgram('/usr/bin/systemctl', ['show-environment'], PLAIN);
    if (status === 0)
      return {
        PATH: COMPILED_PATH,
        ...variables(
          stdout
            .split('\n')
            .filter((line) => !line.includes("=$'"))
            .join(' '),
        ),
      };
  }
  const { status, stdout } = runProgram('/usr/bin/systemd-path', ['search-binaries-default'], PLAIN);
  return { PATH: status === 0 ? stdout.trim() : COMPILED_PATH, ...configured() };
}

function configured(): Record<string, string> {
  const files = PLACES.map((place) => join(place, 'system.conf'))
    .filter((file) => existsSync(file))
    .slice(-1);
  const dropIns = new Map(
    PLACES.map((place) => join(place, 'system.conf.d')).flatMap((directory) =>
      listDirectory(directory)
        .filter((name) => name.endsWith('.conf'))
        .map((name) => [name, join(directory, name)]),
    ),
  );
  let env: Record<string, string> = {};
  // Drop-ins are read in the order of their names, in whichever directory they are.
  for (const file of [...files, ...[...dropIns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)]) {
    for (const [, value = ''] of readTextOrEmpty(file)
      .replace(/\\\r?\n/g, ' ')
      .matchAll(/^[ \t]*DefaultEnvironment[ \t]*=(.*)$/gm)) {
      env = value.trim() === '' ? {} : { ...env, ...variables(value) }; // an empty value resets the list
    }
  }
  return env;
}

function variables(text: string): Record<string, string> {
  const words = parse(text).filter((word) => typeof word === 'string');
  return Object.fromEntries(
    words
      .filter((word) => word.includes('='))
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}
