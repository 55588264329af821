import { parseSudo } from '../../sudo/command-line.ts';
import type { User } from '../model.ts';
import { plain, userNamed, type Became, type Become } from './became.ts';
import { run0, systemdRun } from './become-by-systemd.ts';
import { readOptions, tail } from './options.ts';
import type { ParsedWord } from './words.ts';

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
    leaves: call.shell === 'login' || call.options.some(({ letter }) => letter === 'D'),
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
    leaves: login,
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
    leaves: login,
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

const pkexec: Become = (words) => {
  const { values, rest } = readOptions(words, { letters: '', long: ['user'] });
  const leaves = !values.has('keep-cwd');
  return { ...plain, user: userNamed(values.get('user'), 'pkexec'), rest, leaves, forms: ['pkexec'] };
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
