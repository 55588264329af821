import { parseSudo } from '../../sudo/command-line.ts';
import type { Form, User } from '../model.ts';
import { readOptions, tail } from './options.ts';
import type { ParsedWord } from './words.ts';

/** The effect of a program that changes the user. */
export interface Became {
  user: User | null;
  /** The exported variables that are kept. */
  keeps: 'all' | readonly string[];
  sets: readonly { name: string; word: ParsedWord }[];
  forms: readonly Form[];
  /** The command that follows; empty: a shell that reads its standard input. */
  rest: readonly ParsedWord[];
  script: ParsedWord | null;
  /** HOME stays the caller's, or is not set. */
  foreignHome: boolean;
}

type Become = (words: readonly ParsedWord[]) => Became | null;

const plain = { keeps: [], sets: [], forms: [], script: null, foreignHome: false } as const;

export function userNamed(word: ParsedWord | null | undefined, said: string): User {
  if (!word) return { kind: 'known', name: 'root', said };
  const name = word.text.replace(/:.*$/, '');
  return word.certain && name !== '' ? { kind: 'known', name, said } : { kind: 'variable', text: word.text, said };
}

const sudo: Become = (words) => {
  const call = parseSudo(words.map(({ text }) => text));
  if (call.type === 'not ours') return call.why === 'no command' ? shellOfSudo(words) : null;
  const rest = words.slice(words.length - call.words.length);
  const userWord = call.user === null ? null : (words.find(({ text }) => text.includes(call.user ?? '')) ?? null);
  const user: User =
    call.user === null && call.group !== null
      ? { kind: 'unset' }
      : call.user === null || (userWord?.certain ?? true)
        ? { kind: 'known', name: call.user ?? 'root', said: 'sudo' }
        : { kind: 'variable', text: call.user, said: 'sudo' };
  const homeGiven = call.options.some(({ letter }) => letter === 'H');
  const sets = call.assignments.flatMap(({ name }) => {
    const word = words.find(({ text }) => text.startsWith(`${name}=`));
    return word === undefined ? [] : [{ name, word: tail(word, name.length + 1) }];
  });
  return {
    user,
    rest,
    sets,
    script: null,
    keeps: call.keepEnvironment ? 'all' : call.keep,
    foreignHome: call.shell !== 'login' && !homeGiven && (call.keepEnvironment || call.keep.includes('HOME')),
    forms: [
      'sudo',
      ...(call.shell === 'login' ? ['login shell' as const] : []),
      ...(call.keepEnvironment ? ['kept environment' as const] : []),
    ],
  };
};

/** `sudo -i`, `sudo -s -u deploy`: runs its standard input. */
function shellOfSudo(words: readonly ParsedWord[]): Became | null {
  const { values, rest } = readOptions(words, { letters: 'CDRTUgprtu', long: ['user', 'group', 'prompt'] });
  if (rest.length > 0 || !(values.has('i') || values.has('s') || values.has('login') || values.has('shell')))
    return null;
  const login = values.has('i') || values.has('login');
  const named = values.get('u') ?? values.get('user');
  return {
    ...plain,
    user: userNamed(named, 'sudo'),
    rest: [],
    forms: ['sudo', ...(login ? ['login shell' as const] : [])],
  };
}

/** su(1): options may follow the user. */
const su: Become = (words) => {
  const [long, letters] = [
    ['command', 'shell', 'group', 'supp-group', 'whitelist-environment', 'session-command'],
    'cgsGw',
  ];
  let values = new Map<string, ParsedWord | null>();
  const operands: ParsedWord[] = [];
  let left = words;
  while (left.length > 0) {
    const read = readOptions(left, { letters, long });
    values = new Map([...values, ...read.values]);
    const [operand, ...others] = read.rest;
    if (operand === undefined) break;
    operands.push(operand);
    left = others;
  }
  const login = values.has('l') || values.has('login') || operands[0]?.text === '-';
  const named = operands.find(({ text }) => text !== '-');
  const kept = values.has('m') || values.has('p') || values.has('preserve-environment');
  const shell = values.has('s') || values.has('shell');
  return {
    ...plain,
    user: userNamed(named, 'su'),
    rest: [],
    script: values.get('c') ?? values.get('command') ?? values.get('session-command') ?? null,
    keeps: login ? [] : 'all',
    foreignHome: kept && !login,
    forms: ['su', ...(shell ? [] : ['login shell' as const])],
  };
};

/** runuser(1): with -u the words that follow are the command; else as su. */
const runuser: Become = (words) => {
  const { values, rest } = readOptions(words, { letters: 'ugGcsw', long: ['user', 'group', 'command', 'shell'] });
  const named = values.get('u') ?? values.get('user');
  if (named) return { ...plain, user: userNamed(named, 'runuser'), keeps: 'all', rest, forms: ['runuser'] };
  const became = su(words);
  return (
    became && {
      ...became,
      user: became.user?.kind === 'known' ? { ...became.user, said: 'runuser' } : became.user,
      forms: became.forms.map((form) => (form === 'su' ? 'runuser' : form)),
    }
  );
};

const doas: Become = (words) => {
  const { values, rest } = readOptions(words, { letters: 'uaC', long: [] });
  return { ...plain, user: userNamed(values.get('u'), 'doas'), rest, forms: ['doas'] };
};

const run0: Become = (words) => {
  const { values, rest } = readOptions(words, {
    letters: 'ugDp',
    long: ['user', 'group', 'chdir', 'setenv', 'nice', 'unit', 'property', 'description', 'slice', 'machine'],
  });
  return { ...plain, user: userNamed(values.get('u') ?? values.get('user'), 'run0'), rest, forms: ['run0'] };
};

const pkexec: Become = (words) => {
  const { values, rest } = readOptions(words, { letters: '', long: ['user'] });
  return { ...plain, user: userNamed(values.get('user'), 'pkexec'), rest, forms: ['pkexec'] };
};

/** `gosu`, `su-exec`, `setuidgid`, `chpst -u`: they keep the environment; gosu and su-exec set HOME. */
function first(program: string, foreignHome: boolean): Become {
  return ([named, ...rest]) =>
    named === undefined ? null : { ...plain, user: userNamed(named, program), keeps: 'all', rest, foreignHome };
}

const setpriv: Become = (words) => {
  const { values, rest } = readOptions(words, {
    letters: 'd',
    long: [
      'reuid',
      'regid',
      'ruid',
      'rgid',
      'euid',
      'egid',
      'groups',
      'inh-caps',
      'bounding-set',
      'ambient-caps',
      'securebits',
      'pdeathsig',
    ],
  });
  const named = values.get('reuid') ?? values.get('ruid') ?? values.get('euid');
  const reset = values.has('reset-env');
  return {
    ...plain,
    user: named ? userNamed(named, 'setpriv') : null,
    keeps: reset ? [] : 'all',
    rest,
    foreignHome: Boolean(named) && !reset,
  };
};

const chpst: Become = (words) => {
  const { values, rest } = readOptions(words, { letters: 'uUeb/nlLmdorpftc', long: [] });
  const named = values.get('u');
  return { ...plain, user: named ? userNamed(named, 'chpst') : null, keeps: 'all', rest, foreignHome: Boolean(named) };
};

/** systemd-run(1): a transient unit has none of the caller's environment. */
const systemdRun: Become = (words) => {
  const { values, rest } = readOptions(words, {
    letters: 'pEMHut',
    long: [
      'uid',
      'gid',
      'unit',
      'property',
      'setenv',
      'on-calendar',
      'on-active',
      'on-boot',
      'slice',
      'description',
      'working-directory',
      'machine',
      'host',
      'nice',
    ],
  });
  const property = values.get('p') ?? values.get('property') ?? null;
  const inProperty = property?.text.startsWith('User=') === true ? tail(property, 'User='.length) : null;
  const named = values.get('uid') ?? inProperty;
  const ofUser = values.has('user');
  return {
    ...plain,
    user: named ? userNamed(named, 'systemd-run') : ofUser ? null : userNamed(null, 'systemd-run'),
    rest,
    forms: ['unit'],
  };
};

export const becoming: Readonly<Record<string, Become | undefined>> = {
  sudo,
  su,
  runuser,
  doas,
  run0,
  pkexec,
  setpriv,
  chpst,
  'systemd-run': systemdRun,
  gosu: first('gosu', false),
  'su-exec': first('su-exec', false),
  setuidgid: first('setuidgid', true),
  's6-setuidgid': first('s6-setuidgid', true),
};
