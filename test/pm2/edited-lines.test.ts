import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { withOnly, withoutOptions, withStartup, withTargets } from '../../src/pm2/edit-command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import type { Invocation, Major, ParseContext } from '../../src/pm2/invocation.ts';
import { runs } from '../random-runs.ts';
import { linesOf } from './lines.ts';
import { oracleOf, type Observation } from './oracle.ts';
import { versions } from './real.ts';

// PM2's own commander program reads the line as typed and the edited line; what it does must differ by the edit alone.
// `npm run test:grammar` asks for more lines; a failure prints the seed and the shortest line.
const drawn = runs(1500);
const lines = drawn.numRuns;

type Words = readonly string[];
type Observe = (argv: Words) => Observation;

const names = ['web', 'api', 'worker', 'kill', 'stop', 'log', 'save', 'startup', '3', 'all', '/w/', '-', 'shop b'];
const files = ['web.js', './api.js', 'eco.json', 'b.config.js', 'node a.js'];
const things = [...names, ...files];
const valued = ['--name', '-n', '--namespace', '--env', '--only', '--uid', '--gid', '-u', '--user', '--hp', '-e'];

/** An option with all its words. */
const option = fc.oneof(
  fc.constantFrom('-f', '--time', '-a', '-fa', '--no-color', '-s').map((flag) => [flag]),
  fc.tuple(fc.constantFrom(...valued), fc.constantFrom(...things)).map(([flag, value]) => [flag, value]),
  fc
    .tuple(fc.constantFrom('--name', '--uid', '--only', '--hp'), fc.constantFrom(...things))
    .map(([flag, value]) => [`${flag}=${value}`]),
  fc.constantFrom(...things).map((value) => ['-fu', value]),
);
const strange = fc.constantFrom(
  ['--watch'],
  ['-l'],
  ['-ux'],
  ['-u', '--'],
  ['-e', '--'],
  ['--fresh'],
  ['-s-s'],
  ['--='],
  ['-no-daemon'],
  ['-u'],
  ['--silent'],
);
const command = fc.constantFrom(
  'start',
  'restart',
  'stop',
  'delete',
  'del',
  'reload',
  'startOrRestart',
  'startup',
  'unstartup',
  'scale',
  'logs',
  'flush',
);
const thing = fc.constantFrom(...things).map((word) => [word]);
const argument = fc.constantFrom('--port', '-u', ...things);
const dashed = fc.oneof(
  fc.constant([]),
  fc.array(argument, { maxLength: 3 }).map((words) => ['--', ...words]),
);
const word = fc.oneof(
  { weight: 4, arbitrary: thing },
  { weight: 2, arbitrary: option },
  { weight: 1, arbitrary: strange },
);

/** Lines in which the same few words are targets, values, arguments and commands. */
const confusing = fc
  .tuple(fc.array(fc.oneof(option, strange), { maxLength: 1 }), command, fc.array(word, { maxLength: 6 }), dashed)
  .map(([front, typed, middle, end]) => [...front.flat(), typed, ...middle.flat(), ...end]);

const anyLine = (major: Major): fc.Arbitrary<string[]> =>
  fc.oneof({ weight: 1, arbitrary: linesOf(major) }, { weight: 2, arbitrary: confusing });
const anyMask = fc.array(fc.boolean(), { minLength: 16, maxLength: 16 });
const name = fc.constantFrom('web', 'api', 'log', 'startup', '-s', '--', 'shop b', 'a,b', '--watch', '');
const anyNames = fc.uniqueArray(name, { minLength: 1, maxLength: 2 });
const anyAttrs = fc.subarray(['uid', 'gid', 'user', 'name', 'hp'], { minLength: 1 });

/**
 * What PM2 did, but for the options of `except`. Without the word `startup` it connects earlier, which changes nothing.
 * Of `start` and `restart` PM2 drops words again before it acts (CLI.js patchCommanderArg): `calls` has those left.
 */
function withoutAttrs(seen: Observation, except: Words): Observation {
  const options = Object.entries(seen.options).filter(([attr]) => !except.includes(attr));
  const { action } = seen;
  const drops = action !== null && ['start', 'restart'].includes(action.command);
  return {
    ...seen,
    action: drops ? { ...action, args: [] } : action,
    connected: false,
    options: Object.fromEntries(options),
  };
}

/** What PM2 hands to the apps: the words after the first `--` (API.js _startScript, _handleAttributeUpdate). */
function rawArguments(argv: Words): Words | null {
  return argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : null;
}

function expectSame(argv: Words, edited: Words, except: Words, observe: Observe): Observation {
  const [before, seen] = [observe(argv), observe(edited)];
  expect(withoutAttrs(seen, except)).toEqual(withoutAttrs(before, except));
  expect(seen.connected).toSatisfy((connects: boolean) => connects || !before.connected);
  if (seen.action && !['startup', 'unstartup', 'stop', 'delete'].includes(seen.action.command)) {
    expect(rawArguments(edited)).toEqual(rawArguments(argv));
  }
  return seen;
}

const several = ['start', 'restart', 'stop', 'delete'];

function checkTargets(invocation: Invocation, context: ParseContext, mask: boolean[], observe: Observe): boolean {
  const { argv, line } = invocation;
  const all = [...invocation.targets, ...invocation.starts];
  const keep = all.filter((_, at) => mask[at]);
  const edited = withTargets(invocation, context, keep);
  if (edited === null || edited === argv) return edited !== null;
  if (line.type !== 'run') throw new Error('only a command has things');
  expect(keep).not.toEqual([]);
  // Each kept word, and none of the others, is acted on by PM2, in the same order, with the same options.
  const places = new Set(keep.map(({ at }) => at));
  const kept = line.places.map((at) => places.has(at));
  const [before, after] = [observe(argv), observe(edited)];
  const acts = (seen: Observation) => seen.calls.filter(([method]) => method === line.command);
  const others = (seen: Observation) => seen.calls.filter(([method]) => method !== line.command);
  expect(several).toContain(line.command);
  if (!after.stdin) {
    expect(acts(before).map(([, word]) => word)).toEqual(line.args);
    expect(acts(after)).toEqual(acts(before).filter((_, at) => kept[at]));
  }
  expect(others(after)).toEqual(others(before));
  const rest = (seen: Observation) => ({ ...withoutAttrs(seen, []), calls: [], action: seen.action?.command });
  expect(rest(after)).toEqual(rest(before));
  expect(after.connected).toSatisfy((connects: boolean) => connects || !before.connected);
  expect(edited).toEqual(argv.filter((_, at) => !line.places.includes(at) || places.has(at)));
  if (line.command === 'start' || line.command === 'restart') expect(rawArguments(edited)).toEqual(rawArguments(argv));
  return true;
}

/** Whether the call reaches API.js actionFromJson, which compares `--only`, and not _startJson, which splits it. */
function comparesOnly({ action, calls }: Observation): boolean {
  const fromStdin = calls.some(([, target]) => target === '-');
  return action?.command === 'stop' || action?.command === 'delete' || (action?.command === 'restart' && fromStdin);
}

function checkOnly(invocation: Invocation, context: ParseContext, asked: Words, observe: Observe): boolean {
  const commands = withOnly(invocation, context, asked);
  if (commands === null) return false;
  const heard = commands.map((edited) => {
    const seen = expectSame(invocation.argv, edited, ['only'], observe);
    const { only } = seen.options as { only: string };
    return comparesOnly(seen) ? [only] : only.split(/,| /);
  });
  expect(heard.flat()).toEqual(asked);
  return true;
}

function checkOptions(invocation: Invocation, context: ParseContext, attrs: Words, observe: Observe): boolean {
  const edited = withoutOptions(invocation, context, attrs);
  if (edited === null) return false;
  if (edited === invocation.argv) {
    expect(Object.keys(observe(edited).options).filter((attr) => attrs.includes(attr))).toEqual([]);
    return true;
  }
  const seen = expectSame(invocation.argv, edited, attrs, observe);
  expect(Object.keys(seen.options).filter((attr) => attrs.includes(attr))).toEqual([]);
  return true;
}

function checkStartup(invocation: Invocation, context: ParseContext, hp: string | null, observe: Observe): boolean {
  const edited = withStartup(invocation, context, { user: 'ops', hp });
  if (edited === null) return false;
  const seen = expectSame(invocation.argv, edited, ['user', 'hp'], observe);
  expect(seen.options).toMatchObject(hp === null ? { user: 'ops' } : { user: 'ops', hp });
  expect('hp' in seen.options).toBe(hp !== null);
  return true;
}

describe.each(versions)('PM2 %s', (version, major) => {
  const { observe } = oracleOf(version);
  const context: ParseContext = { major, env: {}, cwd: '/srv' };
  const made: Record<string, number> = {};
  const count = (edit: string, result: boolean): void => {
    if (result) made[edit] = (made[edit] ?? 0) + 1;
  };
  afterAll(() => {
    if (lines > 10_000) console.log(`PM2 ${version}: of ${lines} lines, edited: ${JSON.stringify(made)}`);
  });

  it(`reads ${lines} edited lines as they were meant`, () => {
    fc.assert(
      fc.property(anyLine(major), anyMask, anyNames, anyAttrs, (argv, mask, asked, attrs) => {
        const invocation = interpret(argv, context);
        count('targets', checkTargets(invocation, context, mask, observe));
        count('only', checkOnly(invocation, context, asked, observe));
        count('options', checkOptions(invocation, context, attrs, observe));
        if (invocation.startup)
          count('startup', checkStartup(invocation, context, mask[0] ? '/srv/ops' : null, observe));
      }),
      drawn,
    );
  });
});
