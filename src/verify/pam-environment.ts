import { join } from 'node:path';
import type { Account } from '../identity/accounts.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';

const MAX_BYTES = 1 << 18;

/**
 * The variables that pam_env(8) gives to a session of a PAM service (`sshd`, `cron`, `login`), as the service's own
 * file under /etc/pam.d asks for it: pam_env.conf, /etc/environment or the file named there, and with `user_readenv=1`
 * the user's ~/.pam_environment. Later ones win.
 *
 * @param base what pam_env.conf may refer to as `${NAME}`
 */
export function pamEnvironment(
  service: string,
  { home, shell }: Account,
  base: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  const take = (text: string, read: Reader): void => {
    for (const [name, value] of read(text, (word) => expand(word, { ...base, ...env }, home, shell))) env[name] = value;
  };
  for (const options of envModules(join('/etc/pam.d', service))) {
    const of = (name: string): string | null =>
      options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
    take(readTextOrEmpty(of('conffile') ?? '/etc/security/pam_env.conf'), definitions);
    if (of('readenv') !== '0') take(readTextOrEmpty(of('envfile') ?? '/etc/environment'), assignments);
    if (of('user_readenv') === '1') take(userFile(join(home, of('user_envfile') ?? '.pam_environment')), definitions);
  }
  return env;
}

/** The options of each pam_env.so of a service, through @include (Debian), include and substack. */
function envModules(file: string, depth = 0): string[][] {
  if (depth > 5) return [];
  return readTextOrEmpty(file)
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const text = line.replace(/#.*/, '').trim();
      const [, included] =
        /^@include\s+(\S+)$/.exec(text) ?? /^-?(?:auth|session)\s+(?:include|substack)\s+(\S+)$/.exec(text) ?? [];
      if (included !== undefined) return envModules(join('/etc/pam.d', included), depth + 1);
      const [, options] = /^-?(?:auth|session)\s+(?:\[[^\]]*\]|\S+)\s+\S*\bpam_env\.so\b(.*)$/.exec(text) ?? [];
      return options === undefined ? [] : [options.trim().split(/\s+/)];
    });
}

type Expand = (word: string) => string;
type Reader = (text: string, expanded: Expand) => [string, string][];

/** `NAME=value`, `export` before it or quotes around it (pam_env.c _parse_env_file). */
function assignments(text: string): [string, string][] {
  return text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/.exec(line.replace(/(^|\s)#.*/, '')) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')]];
  });
}

/**
 * `NAME DEFAULT=value OVERRIDE=value` (pam_env.conf(5)); an override that comes to nothing leaves the default. Older
 * ~/.pam_environment too.
 */
function definitions(text: string, expanded: Expand): [string, string][] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const [name = '', ...rest] = line
        .replace(/#.*/, '')
        .trim()
        .split(/\s+(?=DEFAULT=|OVERRIDE=)/);
      if (rest.length === 0) return assignments(line);
      const of = (key: string): string =>
        expanded(
          rest
            .find((part) => part.startsWith(`${key}=`))
            ?.slice(key.length + 1)
            .replace(/^"(.*)"$/, '$1') ?? '',
        );
      const value = of('OVERRIDE') || of('DEFAULT');
      return /^[A-Za-z_]\w*$/.test(name) && value !== '' ? [[name, value]] : [];
    });
}

function expand(word: string, env: Readonly<Record<string, string>>, home: string, shell: string): string {
  return word.replace(/([$@])\{(\w+)\}/g, (_, sign: string, name: string) => {
    if (sign === '$') return env[name] ?? '';
    return name === 'HOME' ? home : name === 'SHELL' ? shell : '';
  });
}

function userFile(path: string): string {
  try {
    return readRegularFile(path, MAX_BYTES).toString('utf8');
  } catch {
    return ''; // most have none
  }
}
