import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutOptions, withTargets } from '../../src/pm2/edit-command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { runs } from '../random-runs.ts';

/** A part of a line that is made of such parts: an edited line can be put together without a parser. */
interface Part {
  kind: 'command' | 'option' | 'as user' | 'thing' | 'arguments';
  words: readonly string[];
}

const of = (kind: Part['kind'], ...lines: string[]): fc.Arbitrary<Part> =>
  fc.constantFrom(...lines).map((words) => ({ kind, words: words === '' ? [] : words.split(' ') }));

const part = fc.oneof(
  of('thing', 'web', 'api', 'worker', 'kill', 'stop', 'restart', 'save', '3', 'all', '/w/', './api.js', 'eco.json'),
  of('option', '-f', '--time', '-n web', '--name=api', '--namespace kill', '-e stop', '-fa', '-fn all'),
  of('as user', '-u web', '--uid=api', '--gid worker', '--user stop'),
);
const line = fc
  .tuple(
    of('command', 'restart', 'stop', 'delete'),
    fc.array(part, { minLength: 1, maxLength: 7 }),
    of('arguments', '', '-- --port 3', '-- -u web x'),
    fc.nat(),
  )
  .map(([command, parts, end, at]): Part[] => {
    const isThing = parts.findIndex(({ kind }) => kind === 'thing');
    const front = isThing < 0 ? parts.length : at % (isThing + 1); // options can stand before the command
    const call = [...parts.slice(0, front), command, ...parts.slice(front)];
    return command.words[0] === 'restart' ? [...call, end] : call;
  });
const joined = (parts: Part[]): string[] => parts.flatMap(({ words }) => words);
const context = { major: 7, env: {}, cwd: '/srv' } as const;

describe('every ordinary line', () => {
  it('has a line for some of its things', () => {
    fc.assert(
      fc.property(line, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), (parts, mask) => {
        const kept = parts.filter(({ kind }, at) => kind !== 'thing' || mask[at]);
        fc.pre(kept.some(({ kind }) => kind === 'thing'));
        const invocation = interpret(joined(parts), context);
        const stays = parts.filter(({ kind }) => kind === 'thing').map((thing) => kept.includes(thing));
        expect(invocation.targets).toHaveLength(stays.length);
        const keep = invocation.targets.filter((_, at) => stays[at]);
        expect(withTargets(invocation, context, keep)).toEqual(joined(kept));
      }),
      runs(3000),
    );
  });
  it('has a line without the options that name a user', () => {
    fc.assert(
      fc.property(line, (parts) => {
        const invocation = interpret(joined(parts), context);
        fc.pre(invocation.line.type === 'run');
        const others = parts.filter(({ kind }) => kind !== 'as user');
        expect(withoutOptions(invocation, context, ['uid', 'gid', 'user'])).toEqual(joined(others));
      }),
      runs(3000),
    );
  });
});
