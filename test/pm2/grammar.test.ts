import { describe, expect, it } from 'vitest';
import {
  aliasedAs,
  commandOf,
  globalOption,
  grammarFor,
  vocabulary,
  type Command,
  type Option,
} from '../../src/pm2/grammar.ts';
import { oracleOf, type Flags } from './oracle.ts';
import { versions } from './real.ts';

// Our table, written down the way PM2's own commander objects answer.
const shape = (options: ReadonlyMap<string, Option>) =>
  Object.fromEntries(
    [...options].map(([flag, { attr, value, negated }]) => [flag, `${attr} ${value}${negated ? ' negated' : ''}`]),
  );

function theirs(options: Flags[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const option of options) {
    const value = option.required ? 'required' : option.optional ? 'optional' : 'none';
    for (const flag of [option.short, option.long])
      if (flag !== undefined) found[flag] ??= `${option.attributeName()} ${value}${option.bool ? '' : ' negated'}`;
  }
  return found;
}

describe.each(versions)('PM2 %s', (version, major) => {
  const program = oracleOf(version).program();
  const { flags, commands, aliases, own } = vocabulary(major);
  const globals = new Map(flags.map((flag) => [flag, globalOption(flag) as Option]));

  it('has the global options of the table', () => {
    expect(shape(globals)).toEqual(theirs(program.options));
    expect(
      program.options
        .filter((option) => Array.isArray(program[option.attributeName()]))
        .map((option) => option.attributeName()),
    ).toEqual([...new Set([...globals.values()].filter(({ list }) => list).map(({ attr }) => attr))]);
  });

  it('has the commands of the table', () => {
    const table = commands
      .map((name) => commandOf(name, major) as Command)
      .map(({ name, arity, required, variadic, option }) => ({
        name,
        arity,
        required,
        variadic,
        options: shape(new Map(own[name]?.map((flag) => [flag, option(flag) as Option]))),
      }));
    expect(table).toEqual(
      program.commands.map((command) => ({
        name: command._name,
        arity: command._args.length,
        required: command._args.filter((arg) => arg.required).length,
        variadic: command._args.some((arg) => arg.variadic),
        options: theirs(command.options),
      })),
    );
    expect(aliases.map((alias) => [aliasedAs(alias, major)?.name, alias]).sort()).toEqual(
      program.commands
        .filter(({ _alias }) => _alias)
        .map(({ _name, _alias }) => [_name, _alias])
        .sort(),
    );
  });

  it.each(['', ' ', '__proto__', 'constructor', 'toString', 'START', 'help'])('knows no command %j', (word) => {
    expect(commandOf(word, major)).toBe(undefined);
  });

  it.each(['', '-', '--', '__proto__', 'constructor', 'version', '--nam', '--autorestart', '-h'])(
    'knows no option %j',
    (word) => {
      expect(globalOption(word)).toBe(undefined);
    },
  );
});

describe('the grammar of a version', () => {
  it.each([
    ['5.4.3', 5, true],
    ['6.0.14', 6, true],
    ['7.0.4', 7, true],
    ['7.1.0-beta.1', 7, true],
    ['8.0.0', 7, false],
    ['12.1', 7, false],
    ['5.3.1', 5, false],
    ['4.5.6', 5, false],
    ['', 7, false],
  ])('%s', (version, major, known) => {
    expect(grammarFor(version)).toEqual({ major, known });
  });
});
