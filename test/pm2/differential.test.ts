import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, type CommandLine } from '../../src/pm2/command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import type { Major } from '../../src/pm2/invocation.ts';
import { runs } from '../random-runs.ts';
import { linesOf } from './lines.ts';
import { oracleOf, type Observation } from './oracle.ts';
import { versions } from './real.ts';

// `npm run test:grammar` asks for more lines; a failure prints the seed and the shortest line.
const drawn = runs(3000);
const lines = drawn.numRuns;

/** Which word of an API call names processes: the independent side of `interpret`, read off PM2's own calls. */
const targetOf: Partial<Record<string, number>> = {
  start: 0,
  stop: 0,
  restart: 0,
  delete: 0,
  reload: 0,
  scale: 0,
  getProcessIdByName: 0,
  inspect: 0,
  reset: 0,
  describe: 0,
  env: 0,
  sendLineToStdin: 0,
  attach: 0,
  trigger: 0,
  getPID: 0,
  flush: 0,
  sendSignalToProcessName: 1,
  sendSignalToProcessId: 1,
  monitorState: 1,
  pullAndRestart: 0,
  forward: 0,
  backward: 0,
  _startJson: 0,
  printLogs: 0,
  streamLogs: 0,
  jsonStream: 0,
  formatStream: 0,
};

function targetsOf({ calls, stdin }: Observation): unknown[] {
  if (stdin) return ['-'];
  return calls.flatMap(([method, ...args]) => {
    if (method === '_pullCommitId') return [(args[0] as { pm2_name: string }).pm2_name];
    const at = targetOf[method];
    return at === undefined || args[at] === undefined ? [] : [args[at]];
  });
}

/** How PM2 leaves, and what it prints on the way, by our reading. */
function endOf(line: CommandLine): { exit: number | null; printed: string } {
  switch (line.type) {
    case 'run':
      return { exit: ['examples', 'install-otel', 'uninstall-otel'].includes(line.command) ? 0 : null, printed: '' };
    case 'version':
    case 'help':
      return { exit: 0, printed: line.type };
    case 'usage error':
      return { exit: 1, printed: line.error };
    case 'unknown command':
    case 'usage':
      return { exit: 1, printed: line.type };
    case 'nothing':
    case 'completion':
      return { exit: null, printed: '' };
  }
}

function compare(argv: string[], major: Major, observe: (argv: readonly string[]) => Observation): void {
  const line = parseCommandLine(argv, major);
  const seen = observe(argv);
  expect({ exit: seen.exit, printed: seen.printed }).toEqual(endOf(line));
  expect(seen.options).toEqual(plain(line.options));
  expect(seen.completion).toBe(line.type === 'completion');
  expect({ silent: seen.silent, noDaemon: seen.noDaemon }).toEqual({ silent: line.silent, noDaemon: line.noDaemon });
  if (line.type !== 'version' && line.type !== 'usage') expect(seen.connected).toBe(!line.startupScan);
  const { command, targets, starts } = interpret(argv, { major, env: {}, cwd: '/srv' });
  if (line.type !== 'run') {
    expect({ command, targets, starts, api: seen.calls }).toEqual({
      command: line.type === 'completion' ? 'completion' : null,
      targets: [],
      starts: [],
      api: [],
    });
    return;
  }
  expect({ command: seen.action?.command, own: seen.own, spawned: seen.spawned, stdin: seen.stdin }).toEqual({
    command: line.command,
    own: plain(line.own),
    spawned: line.spawns,
    stdin: line.stdin,
  });
  expect(actedOn(line, seen)).toEqual(line.args);
  // the daemon's own log
  const named = targetsOf(seen).filter((word) => line.command !== 'logs' || (word !== 'all' && word !== 'PM2'));
  // `set a:k` restarts a deep inside API.js: test/pm2/interpret.test.ts has the table.
  const words = line.command === 'start' && starts.length > 0 ? line.args : targets.map(({ word }) => word);
  if (!['set', 'multiset', 'config'].includes(line.command)) expect(named).toEqual(words);
}

/**
 * The words CLI.js went on with: for start and restart those of its API calls, for others what commander handed the
 * action.
 */
function actedOn(line: CommandLine & { type: 'run' }, { action, calls, stdin }: Observation): unknown[] {
  if ((line.command === 'start' || line.command === 'restart') && !stdin && line.own.container !== true) {
    return calls.filter(([method]) => method === line.command).map(([, word]) => word);
  }
  return (action?.args ?? []).flat().filter((word) => word !== undefined);
}

/** Options as they differ from commander's defaults. */
function plain(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
}

describe.each(versions)('PM2 %s', (version, major) => {
  const { observe } = oracleOf(version);
  it(`reads ${lines} random command lines as we do`, () => {
    const began = performance.now();
    fc.assert(
      fc.property(linesOf(major), (argv) => {
        compare(argv, major, observe);
      }),
      drawn,
    );
    if (lines > 10_000)
      console.log(`PM2 ${version}: ${lines} lines in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
});
