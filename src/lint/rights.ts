import { existsSync, readdirSync, type Dirent } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { asUser, type Task } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import { readText, type FileText } from './files.ts';

/** The names that are read in a home directory or in a daemon's `paths`, and the depth of the search. */
const OWN =
  /^(authorized_keys2?|\.bashrc|\.bash_profile|\.profile|\.zshrc|Makefile|package\.json)$|\.(sh|bash|service)$/;
const PROCESS_FILE_NAME = /\.config\.[cm]?js$|^(ecosystem|processes?)[\w.-]*\.(json|ya?ml)$/;
const PASSED_BY = new Set(['node_modules', '.npm', '.cache', '.pm2', 'vendor', '.nvm', '.local']);
const MAX_DEPTH = 3;
const MAX_FILES = 5000;

interface Listed {
  path: string;
  /** A login's own file, which runs as that login; other users may run a script in a home directory. */
  own: boolean;
}

/** The files below a directory that are worth reading. */
export const LIST: Task<string, Listed[]> = {
  name: 'list',
  run: (directory) => {
    let left = MAX_FILES;
    const found: Listed[] = [];
    const visit = (place: string, depth: number): void => {
      for (const entry of entriesOf(place)) {
        if (left-- <= 0) return;
        const path = join(place, entry.name);
        const inHooks = /(\.git|\.husky)(\/hooks)?$/.test(place) && /hooks|\.husky/.test(place);
        if (entry.isDirectory()) {
          const wanted =
            depth < MAX_DEPTH && !PASSED_BY.has(entry.name) && (!place.endsWith('.git') || entry.name === 'hooks');
          if (wanted) visit(path, depth + 1);
        } else if (
          entry.isFile() &&
          (OWN.test(entry.name) || PROCESS_FILE_NAME.test(entry.name) || inHooks || /\/bin$/.test(place))
        ) {
          found.push({ path, own: /^(authorized_keys2?|\.\w+)$/.test(entry.name) || path.includes('/systemd/user/') });
        }
      }
    };
    visit(directory, 0);
    return found;
  },
};

export const READ: Task<{ path: string; follow: 'links' | 'never' }, FileText> = {
  name: 'read',
  run: ({ path, follow }) => readText(path, follow),
};

/** Finds a process file by its word, from the directory of `source` upwards, and reads it. */
export const PROCESS_FILE: Task<{ source: string; word: string }, { path: string; read: FileText } | null> = {
  name: 'process file',
  run: ({ source, word }) => {
    let directory = dirname(source);
    for (let step = 0; step < 6; step++) {
      const path = isAbsolute(word) ? word : join(directory, word);
      if (existsSync(path)) return { path, read: readText(path) };
      if (isAbsolute(word) || directory === dirname(directory)) return null;
      directory = dirname(directory);
    }
    return null;
  },
};

/** Without root's rights only the caller's own are available. */
export function withRights<Argument, Result>(
  identity: Identity | undefined,
  task: Task<Argument, Result>,
  argument: Argument,
): Result {
  return identity === undefined || process.geteuid?.() !== 0
    ? task.run(argument, null)
    : asUser(identity, task, argument);
}

/** The sorted entries of a directory; empty if it is unreadable. */
export function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
