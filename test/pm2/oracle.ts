import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { binOf, packageOf } from './real.ts';

/**
 * What PM2 itself makes of a command line: its own lib/binaries/CLI.js, lib/Common.js and commander, untouched, run in
 * this process. Only what would act is replaced by a recorder: API.js, the keymetrics client, log streaming,
 * completion, child processes and the ways out.
 */
export interface Observation {
  /** Null: it did not exit by itself before anything asynchronous could. */
  exit: number | null;
  /** `version`, `help`, or the error commander or CLI.js printed. */
  printed: string;
  /** The command whose action ran, and the words it got. */
  action: { command: string; args: unknown[] } | null;
  /** Calls of PM2's API, in order. */
  calls: [method: string, ...args: unknown[]][];
  /** Global options that differ from their default, and the command's own. */
  options: Record<string, unknown>;
  own: Record<string, unknown>;
  spawned: string | null;
  connected: boolean;
  noDaemon: boolean;
  silent: boolean;
  stdin: boolean;
  completion: boolean;
}

/** An option of a commander program. */
export interface Flags {
  short?: string;
  long: string;
  required: number;
  optional: number;
  bool: boolean;
  attributeName(): string;
}
interface Commander {
  _name: string;
  _alias?: string;
  _args: { name: string; required: boolean; variadic: boolean }[];
  options: Flags[];
  commands: Commander[];
  [attr: string]: unknown;
}
class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

type Factory = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: unknown },
  file: string,
  folder: string,
  process: object,
  console: object,
  setTimeout: object,
) => void;
const plain = (words: unknown[], isCommand: (value: unknown) => boolean): unknown[] =>
  words.filter((word) => !isCommand(word) && typeof word !== 'function');

/** The recorder for one installed PM2. */
export function oracleOf(version: string) {
  const root = packageOf(version);
  const requireFrom = (file: string) => {
    const require = createRequire(file);
    const seen = new Map<string, unknown>();
    return Object.assign(
      (id: string): unknown => {
        if (!seen.has(id)) seen.set(id, require(id));
        return seen.get(id);
      },
      { resolve: require.resolve },
    );
  };
  const real = requireFrom(join(root, 'lib/binaries/CLI.js'));
  const compile = (file: string) =>
    compileFunction(
      readFileSync(file, 'utf8').replace(/^#!.*/, ''),
      ['exports', 'require', 'module', '__filename', '__dirname', 'process', 'console', 'setTimeout'],
      { filename: file },
    ) as unknown as Factory;
  const files = {
    cli: join(root, 'lib/binaries/CLI.js'),
    common: join(root, 'lib/Common.js'),
    commander: real.resolve('commander'),
  };
  const sources = { cli: compile(files.cli), common: compile(files.common), commander: compile(files.commander) };

  let now: Observation;
  let later: (() => void)[] = [];
  let print: (text: string) => void;
  const fakeProcess = Object.assign(Object.create(process) as NodeJS.Process, {
    exit: (code = 0) => {
      throw new Exit(code);
    },
    on: () => fakeProcess,
  });
  Object.defineProperties(fakeProcess, {
    stdout: {
      value: {
        write: (text: string) => {
          print(text);
          return true;
        },
      },
    },
    stdin: {
      value: {
        resume: () => {
          now.stdin = true;
        },
        pause: () => undefined,
        setEncoding: () => undefined,
        on: (_: string, listener: (text: string) => void) => {
          later.push(() => {
            listener('{}');
          });
        },
      },
    },
  });
  const say = (...words: unknown[]) => {
    print(words.join(' '));
  };
  // Common.determineSilentCLI overwrites the methods of its console, and we would not hear what it says.
  const console = new Proxy({ log: say, error: say }, { set: () => true });
  const run = (source: Factory, file: string, require: (id: string) => unknown): unknown => {
    const module = { exports: {} };
    source(module.exports, require, module, file, join(file, '..'), fakeProcess, console, (task: () => void) => {
      later.push(task);
    });
    return module.exports;
  };

  let common: unknown;
  const isCommand = (value: unknown) => typeof value === 'object' && value !== null && '_execs' in value;
  const record =
    (method: string) =>
    (...args: unknown[]) => {
      now.calls.push([method, ...plain(args, isCommand)]);
      const done = args.at(-1);
      if (['start', 'stop', 'restart', 'delete', 'connect'].includes(method) && typeof done === 'function')
        (done as (err: null, apps: []) => void)(null, []);
    };
  const recorder = (fixed: object) =>
    new Proxy(fixed, {
      get: (target, key) => (key in target ? Reflect.get(target, key) : record(String(key))) as unknown,
    });
  function Api(this: object, options?: { daemon_mode?: boolean }) {
    if (options?.daemon_mode === false) now.noDaemon = true;
    return recorder({
      connect: (done: () => void) => {
        now.connected = true;
        later.push(done);
      },
      getVersion: () => undefined,
      disconnect: () => undefined,
    });
  }

  function load(): { commander: Commander; cli: () => void } {
    const commander = run(sources.commander, files.commander, (id) =>
      id === 'child_process'
        ? {
            spawn: (bin: string) => {
              now.spawned = bin;
              return { on: () => undefined };
            },
          }
        : real(id),
    ) as Commander;
    const action = Object.getPrototypeOf(commander) as { action: (fn: (...args: unknown[]) => unknown) => unknown };
    const original = action.action;
    action.action = function (this: Commander, fn) {
      return original.call(this, (...args: unknown[]) => {
        // By value: the array of a variadic argument is commander's own.
        now.action = { command: this._name, args: structuredClone(args.slice(0, this._args.length)) };
        now.own = given(this, now.own);
        return fn.apply(this, args);
      });
    };
    const require = (id: string): unknown => {
      if (id === 'commander') return commander;
      if (id === '../Common.js') return (common ??= run(sources.common, files.common, requireFrom(files.common)));
      if (id === '../API.js') return Api;
      if (id === '../completion.js')
        return {
          complete: () => {
            now.completion = true;
          },
        };
      if (id === '../API/pm2-plus/PM2IO') return recorder({ usePM2Client: () => undefined });
      if (id === '../API/Log.js' || id === '../OtelManager') return recorder({});
      return real(id);
    };
    return {
      commander,
      cli: () => {
        run(sources.cli, files.cli, require);
      },
    };
  }

  function observe(argv: readonly string[]): Observation {
    now = {
      exit: null,
      printed: '',
      action: null,
      calls: [],
      options: {},
      own: {},
      spawned: null,
      connected: false,
      noDaemon: false,
      silent: false,
      stdin: false,
      completion: false,
    };
    later = [];
    print = (text) => {
      now.printed ||= classify(text);
    };
    const env: NodeJS.ProcessEnv = {};
    Object.defineProperties(fakeProcess, {
      argv: { value: [process.execPath, binOf(version), ...argv], configurable: true },
      env: { value: env, configurable: true },
    });
    const { commander, cli } = load();
    const { options } = commander; // `install` overwrites it
    try {
      cli();
      for (let task = later.shift(); task; task = later.shift()) task();
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      now.exit = error.code;
    }
    now.silent = 'PM2_DISCRETE_MODE' in env;
    now.options = given(commander, {}, options);
    return now;
  }

  /** commander, with all options and commands of CLI.js on it. */
  function program(): Commander {
    now = {} as Observation;
    print = () => undefined;
    Object.defineProperties(fakeProcess, {
      argv: { value: [process.execPath, files.cli, 'ping'], configurable: true },
      env: { value: {}, configurable: true },
    });
    const { commander, cli } = load();
    cli();
    return commander;
  }

  return { observe, program };
}

/** The options that hold something else than before the line was read. */
function given(
  commander: Commander,
  into: Record<string, unknown>,
  options = commander.options,
): Record<string, unknown> {
  for (const option of options) {
    const attr = option.attributeName();
    const value = commander[attr];
    const initial =
      typeof value === 'function' ||
      value === undefined ||
      (!option.bool && value === true) ||
      (Array.isArray(value) && value.length === 0);
    if (!initial) into[attr] = Array.isArray(value) ? [...(value as string[])] : value;
  }
  return into;
}

function classify(text: string): string {
  if (/unknown option/.test(text)) return 'unknown option';
  if (/missing required argument/.test(text)) return 'missing argument';
  if (/argument missing/.test(text)) return 'missing value';
  if (/Unknown command argument/.test(text)) return 'unexpected argument';
  if (/Command not found/.test(text)) return 'unknown command';
  if (/^\s*Usage: /.test(text)) return 'help';
  if (/^usage: pm2/.test(text)) return 'usage';
  if (/^\d+\.\d+\.\d+/.test(text)) return 'version';
  return '';
}
