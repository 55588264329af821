import { plain, userNamed, type Became, type Become } from './became.ts';
import { readOptions, tail, type ReadOptions } from './options.ts';
import type { ParsedWord } from './words.ts';

/** `--setenv=NAME=value`, which may be repeated; a bare name keeps the caller's value (systemd-run(1)). */
function settingsOf(options: ReadOptions, ...names: readonly string[]): Pick<Became, 'sets'> & { kept: string[] } {
  const words = options.all.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
  return {
    sets: words.flatMap((word) => assignmentOf(word) ?? []),
    kept: words.filter(({ text }) => !text.includes('=')).map(({ text }) => text),
  };
}

function assignmentOf(word: ParsedWord): Became['sets'][number] | null {
  const equals = word.text.indexOf('=');
  return equals < 1 ? null : { name: word.text.slice(0, equals), word: tail(word, equals + 1) };
}

export const run0: Become = (words) => {
  const options = readOptions(words, {
    letters: 'ugDp',
    long: ['user', 'group', 'chdir', 'setenv', 'nice', 'unit', 'property', 'description', 'slice', 'machine'],
  });
  const { values, rest } = options;
  const { sets, kept } = settingsOf(options, 'setenv');
  const user = userNamed(values.get('u') ?? values.get('user'), 'run0');
  const leaves = values.has('D') || values.has('chdir');
  return { ...plain, user, sets, keeps: kept, rest, leaves, forms: ['run0'] };
};

/** systemd-run(1): a transient unit has none of the caller's environment, a scope has all of it. */
export const systemdRun: Become = (words) => {
  const options = readOptions(words, {
    letters: 'pEMHu',
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
  const { values, rest } = options;
  const properties = settingsOf(options, 'p', 'property').sets;
  const named = values.get('uid') ?? properties.filter(({ name }) => name === 'User').at(-1)?.word;
  const isScope = values.has('scope');
  const keepsUser = isScope || values.has('user');
  const { sets, kept } = settingsOf(options, 'E', 'setenv');
  return {
    ...plain,
    user: named || !keepsUser ? userNamed(named, 'systemd-run') : null,
    sets: [
      ...properties.flatMap(({ name, word }) => (name === 'Environment' ? (assignmentOf(word) ?? []) : [])),
      ...sets,
    ],
    keeps: isScope ? 'all' : kept,
    rest,
    leaves: !isScope && !values.has('d') && !values.has('same-dir'),
    forms: isScope ? [] : ['unit'],
  };
};
