import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Account } from '../identity/accounts.ts';
import type { ShellLanguage } from './question.ts';

export interface Shell {
  name: string;
  path: string;
  language: ShellLanguage;
}

/** Startup files below a home directory. */
const KNOWN: Record<string, readonly string[]> = {
  bash: ['.bash_profile', '.bash_login', '.profile', '.bashrc'],
  zsh: ['.zshenv', '.zprofile', '.zshrc', '.zlogin'],
  dash: ['.profile'],
  fish: ['.config/fish/config.fish', '.config/fish/conf.d'],
};

export function shellAt(path: string): Shell {
  const name = basename(path);
  const language =
    name === 'fish' ? 'fish' : /^(sh|bash|zsh|dash|ash|ksh|ksh93|mksh|busybox)$/.test(name) ? 'posix' : 'plain';
  return { name, path, language };
}

export function installedShells(): Shell[] {
  return Object.keys(KNOWN).flatMap((name) => {
    const path = [`/usr/bin/${name}`, `/bin/${name}`, `/usr/local/bin/${name}`].find((candidate) =>
      existsSync(candidate),
    );
    return path === undefined ? [] : [shellAt(path)];
  });
}

/** The login shell, and others with startup files of the user. */
export function shellsOf(account: Account, installed: readonly Shell[]): Shell[] {
  const own = shellAt(account.shell);
  const others = installed.filter(
    ({ name }) => name !== own.name && KNOWN[name]?.some((file) => existsSync(join(account.homeDirectory, file))),
  );
  return [own, ...others];
}

/** The startup file whose end is read last, so that a PATH line there counts: bash(1), zsh(1), fish(1). */
export function startupFile(
  shell: string,
  { homeDirectory }: Pick<Account, 'homeDirectory'>,
  { login, interactive }: { login: boolean; interactive: boolean },
): string {
  const has = (file: string): boolean => existsSync(join(homeDirectory, file));
  switch (shell) {
    case 'zsh':
      if (login && has('.zlogin')) return '~/.zlogin';
      return interactive ? '~/.zshrc' : login ? '~/.zprofile' : '~/.zshenv';
    case 'fish':
      return '~/.config/fish/config.fish';
    case 'bash':
      if (!login) return '~/.bashrc';
      return `~/${['.bash_profile', '.bash_login'].find(has) ?? '.profile'}`; // it reads only the first that exists
    default:
      return '~/.profile';
  }
}

/** fish creates missing directories; /dev/null prevents that. */
export function fishDirectories({ homeDirectory }: Account): Record<string, string> {
  const missing = (path: string): boolean => !existsSync(join(homeDirectory, path));
  return {
    ...(missing('.config/fish') ? { XDG_CONFIG_HOME: '/dev/null' } : {}),
    ...(missing('.local/share/fish') ? { XDG_DATA_HOME: '/dev/null' } : {}),
  };
}
