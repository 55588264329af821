import type { Account } from '../identity/accounts.ts';
import type { Uid } from '../runtime/brands.ts';
import { freshLogin } from './environment.ts';

export interface OtherWay {
  /** The target user; null: root. */
  user: string | null;
  /** Empty: a shell. */
  words: readonly string[];
  sets: Readonly<Record<string, string>>;
  /** Where the command starts: the caller's directory, the target's home directory, or a path. */
  directory: 'same' | 'home directory' | { path: string };
  /** Variables that the program sets about the caller. */
  marks: (login: { uid: Uid; name: string }) => NodeJS.ProcessEnv;
}

interface Program {
  letters: string;
  long: readonly string[];
  user: readonly string[];
  /** Without an option. `same for root`: for others their home directory. */
  directory: 'same' | 'home directory' | 'same for root';
  marks: OtherWay['marks'];
}

/** doas(1), run0(1), pkexec(1). */
const PROGRAMS: Readonly<Record<string, Program | undefined>> = {
  doas: {
    letters: 'aCu',
    long: [],
    user: ['u'],
    directory: 'same',
    marks: ({ name }) => ({ DOAS_USER: name }),
  },
  run0: {
    letters: 'ugDHM',
    long: [
      'user',
      'group',
      'chdir',
      'host',
      'machine',
      'unit',
      'property',
      'description',
      'slice',
      'nice',
      'setenv',
      'background',
      'shell-prompt-prefix',
      'area',
    ],
    user: ['u', 'user'],
    directory: 'same for root',
    marks: ({ uid, name }) => ({ SUDO_USER: name, SUDO_UID: String(uid) }),
  },
  pkexec: {
    letters: '',
    long: ['user'],
    user: ['user'],
    directory: 'home directory',
    marks: ({ uid }) => ({ PKEXEC_UID: String(uid) }),
  },
};

/** Null: none of these programs. */
export function readOtherWay([first = '', ...words]: readonly string[]): OtherWay | null {
  const name = first.replace(/^.*\//, '');
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
  if (program === undefined) return null;
  let user: string | null = null;
  let directory: Program['directory'] | OtherWay['directory'] = program.directory;
  const sets: Record<string, string> = {};
  const take = (name: string, value: string | undefined) => {
    if (program.user.includes(name)) user = value ?? null;
    if (name === 'D' || name === 'chdir') directory = { path: value ?? '' };
    if (name === 'keep-cwd') directory = 'same';
    const [variable = '', ...rest] = (value ?? '').split('=');
    if (name === 'setenv' && rest.length > 0) sets[variable] = rest.join('=');
  };
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== '') {
      take(name, value ?? (program.long.includes(name) ? words[++at] : undefined));
      continue;
    }
    const letter =
      word
        .slice(1)
        .split('')
        .findIndex((one) => program.letters.includes(one)) + 1;
    if (letter > 0) take(word.charAt(letter), letter + 1 < word.length ? word.slice(letter + 1) : words[++at]);
  }
  if (directory === 'same for root') directory = [null, 'root'].includes(user) ? 'same' : 'home directory';
  return { user, words: words.slice(at), sets, directory, marks: program.marks };
}

/** The environment of the command with default settings. */
export function otherEnvironment(
  { sets, marks }: OtherWay,
  login: { uid: Uid; name: string },
  target: Account,
): NodeJS.ProcessEnv {
  return { ...freshLogin(target), ...marks(login), ...sets };
}
