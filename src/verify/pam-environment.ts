import { join } from 'node:path';
import type { Account } from '../identity/accounts.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';

const MAX_BYTES = 1 << 18;

/** As pam_env(8), from the service's file in /etc/pam.d; later files win. `base`: for `${NAME}` in pam_env.conf. */
export function pamEnvironment(
  service: string,
  { homeDirectory, shell }: Account,
  base: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  const take = (text: string, read: Reader): void => {
    for (const [name, value] of read(text, (word) => expand(word, { ...base, ...env }, homeDirectory, shell)))
      env[name] = value;
  };
  for (const options of envModules(join('/etc/pam.d', service))) {
    const of = (name: string): string | null =>
      options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
    take(readTextOrEmpty(of('conffile') ?? '/etc/security/pam_env.conf'), definitions);
    if (of('readenv') !== '0') take(readTextOrEmpty(of('envfile') ?? '/etc/environment'), assignments);
    if (of('user_readenv') === '1')
      take(userFile(join(homeDirectory, of('user_envfile') ?? '.pam_environment')), definitions);
  }
  return env;
}

/** Follows @include (Debian), include and substack. */
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

/** Format of _parse_env_file in pam_env.c. */
function assignments(text: string): [string, string][] {
  return text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/.exec(line.replace(/(^|\s)#.*/, '')) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')]];
  });
}

/** `NAME DEFAULT=value OVERRIDE=value` (pam_env.conf(5)), or `NAME=value` in an older ~/.pam_environment. */
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

function expand(word: string, env: Readonly<Record<string, string>>, homeDirectory: string, shell: string): string {
  return word.replace(/([$@])\{(\w+)\}/g, (_, sign: string, name: string) => {
    if (sign === '$') return env[name] ?? '';
    return name === 'HOME' ? homeDirectory : name === 'SHELL' ? shell : '';
  });
}

function userFile(path: string): string {
  try {
    return readRegularFile(path, MAX_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
