import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import {
  alone,
  carryOut,
  finish,
  pending,
  prospect,
  type Launcher,
  type Outcome,
  type Planned,
  type Progress,
  type Prospect,
  type Unfinished,
} from '../adopt/adopt.ts';
import { disableUnit, fossilUnits, unbooted } from '../adopt/boot.ts';
import { installRecord } from '../guard/installation.ts';
import { isRootBySudo } from '../identity/caller.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { findRealPm2 } from '../pm2/installed.ts';
import { shown } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import {
  asObject,
  choiceLines,
  isSettled,
  outcomeLine,
  planLines,
  progressLine,
  unfinishedLine,
  type Done,
} from './adopt-words.ts';
import { escapeControls } from '../terminal/escape.ts';

interface Options {
  allStrays?: boolean;
  from?: string;
  to?: string;
  overlap?: boolean;
  disableUnit?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
  resume?: boolean;
  rollback?: boolean;
}

/** `pm2-guard adopt`: bring an app to the daemon it belongs to, without losing it. */
export function adoptCommand(): Command {
  return new Command('adopt')
    .description('bring apps home: stop them in the daemon they are in, start them as the right user, save both')
    .argument('[apps...]', 'names of apps, as pm2 list shows them')
    .option('--all-strays', 'every app that runs where the config does not put it')
    .option('--from <where>', 'only what is there: a daemon of the config, a user, a PM2_HOME, or a saved list')
    .option('--to <daemon>', 'a daemon of the config; without it, the one that the config says')
    .option('--overlap', 'start it there before it is stopped here, where it listens on no port')
    .option('--disable-unit', 'also disable a boot unit that has nothing left to start')
    .option('-n, --dry-run', 'only tell what would be done, step by step')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one object for scripts')
    .addOption(
      new Option('--resume', 'finish an adoption that was cut off').conflicts([
        'rollback',
        'allStrays',
        'from',
        'to',
        'overlap',
        'dryRun',
      ]),
    )
    .addOption(
      new Option('--rollback', 'take back an adoption that was cut off').conflicts([
        'resume',
        'allStrays',
        'from',
        'to',
        'overlap',
        'dryRun',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard adopt myapp --dry-run      what would happen, and what stands against it
  sudo pm2-guard adopt myapp
  sudo pm2-guard adopt --all-strays --yes
  sudo pm2-guard adopt myapp --from deploy --to web
  sudo pm2-guard adopt --from /var/www/.pm2   a daemon of root's in another user's home
  sudo pm2-guard adopt --resume             after a power failure

Script, arguments, environment, instances, limits, logs outside of the home stay as they are; what belonged to the old user
goes. First everything the app needs is tried as its new user; while something stands against it, nothing is touched. An app
that does not stay online for its min_uptime is put back. All that is done is in a journal until it is over.
Exit status: 0 all is home; 1 something is not, it is named; 2 nothing was begun.`,
    )
    .action((names: string[], options: Options) =>
      options.resume || options.rollback
        ? finishAll(options.resume ? 'resume' : 'rollback', options)
        : adoptAll(names, options),
    );
}

async function adoptAll(names: string[], options: Options): Promise<void> {
  if (names.length === 0 && !options.allStrays && options.from === undefined)
    throw new UserError('which app?', 'pm2-guard adopt NAME, or: pm2-guard adopt --all-strays', 2);
  if (names.length > 0 && options.allStrays)
    throw new UserError('--all-strays is for all of them: name apps, or say that', null, 2);
  const policy = requirePolicy();
  const release = options.dryRun ? null : alone();
  try {
    refuseUnfinished(pending());
    const request = {
      names,
      allStrays: options.allStrays === true,
      from: options.from ?? null,
      to: options.to ?? null,
      overlap: options.overlap === true,
    };
    const look = () => prospect(request, policy, launcherOf);
    const seen = await look();
    const say = (lines: readonly string[]) => {
      if (!options.json) process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
    };
    say([...choiceLines(seen), ...seen.planned.flatMap((planned) => planLines(planned))]);
    const clear = seen.planned.filter(({ problems }) => problems.length === 0);
    const unsettled = seen.choices.filter((choice) => !isSettled(choice));
    if (unsettled.length > 0 || options.dryRun || clear.length === 0) {
      if (options.json)
        process.stdout.write(`${JSON.stringify(asObject(seen, [], options.dryRun === true), null, 2)}\n`);
      process.exitCode = unsettled.length > 0 ? 2 : clear.length < seen.planned.length ? 1 : 0;
      return;
    }
    if (!(await agreed(clear, options))) {
      process.exitCode = 2;
      return;
    }
    const done = await carryOutAll(clear, options);
    boot(
      clear.filter((_, at) => done[at]?.outcome.type === 'moved'),
      options,
      say,
    );
    if (options.json) process.stdout.write(`${JSON.stringify(asObject(seen, done, false), null, 2)}\n`);
    process.exitCode =
      done.length === seen.planned.length && done.every(({ outcome }) => outcome.type === 'moved') ? 0 : 1;
  } finally {
    release?.();
  }
}

async function carryOutAll(moves: readonly Planned[], { json }: Options): Promise<Done[]> {
  const interrupted = new AbortController();
  const wait = () => {
    if (!interrupted.signal.aborted) process.stderr.write('\npm2-guard: what was begun is brought to its end first\n');
    interrupted.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, wait);
  const done: Done[] = [];
  try {
    for (const planned of moves) {
      if (interrupted.signal.aborted) break;
      const outcome = await carryOut(planned, progressOn(planned.move.apps.map(({ name }) => name).join(', ')));
      clearProgress();
      done.push({ move: planned.move, outcome });
      if (!json)
        process.stdout.write(
          outcomeLine(planned.move, outcome)
            .map((line) => `${escapeControls(line)}\n`)
            .join(''),
        );
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, wait);
  }
  return done;
}

async function finishAll(way: 'resume' | 'rollback', { json }: Options): Promise<void> {
  const release = alone();
  try {
    const done: Done[] = [];
    for (const one of pending()) {
      const outcome = await finish(one, way, progressOn(one.move.apps.map(({ name }) => name).join(', ')));
      clearProgress();
      done.push({ move: one.move, outcome });
      if (!json)
        process.stdout.write(
          outcomeLine(one.move, outcome)
            .map((line) => `${escapeControls(line)}\n`)
            .join(''),
        );
    }
    if (json)
      process.stdout.write(
        `${JSON.stringify({ done: done.map(({ move, outcome }) => ({ apps: move.apps.map(({ name }) => name), ...outcome })) }, null, 2)}\n`,
      );
    else if (done.length === 0) process.stdout.write('no adoption was cut off\n');
    const wanted: Outcome['type'] = way === 'resume' ? 'moved' : 'put back';
    process.exitCode = done.every(({ outcome }) => outcome.type === wanted) ? 0 : 1;
  } finally {
    release();
  }
}

function refuseUnfinished(left: readonly Unfinished[]): void {
  const [first] = left;
  if (first === undefined) return;
  throw new UserError(
    `${left.map(unfinishedLine).join('\n')}\nfinish that first, or take it back with --rollback`,
    'pm2-guard adopt --resume',
    2,
  );
}

function requirePolicy(): Policy {
  const euid = process.geteuid?.() ?? -1;
  const loaded = loadPolicy({ env: process.env, euid, rootBySudo: isRootBySudo(euid, process.env) }, () => slow);
  if (loaded.type === 'unusable') throw new UserError(formatConfigError(loaded.error), 'pm2-guard check', 2);
  for (const warning of loaded.warnings) process.stderr.write(`pm2-guard: ${warning}\n`);
  return loaded.policy;
}

/** As the config pins them, else as install recorded them. */
function launcherOf(daemon: Daemon | null): Launcher {
  const record = installRecord();
  const pm2 = findRealPm2({
    recorded: daemon?.pm2 ?? record?.pm2 ?? null,
    path: process.env['PATH'],
    skip: ['/usr/local/lib/pm2-guard/bin'],
    asRoot: false,
  });
  return {
    node: daemon?.node ?? record?.node ?? process.execPath,
    pm2: pm2.type === 'found' ? (pm2.original ?? pm2.bin) : null,
  };
}

async function agreed(moves: readonly Planned[], { yes, json }: Options): Promise<boolean> {
  if (yes) return true;
  const apps = moves.flatMap(({ move }) => move.apps).length;
  if (!process.stdin.isTTY || json)
    throw new UserError(
      'nothing was done: there is nobody to ask',
      shown(['pm2-guard', ...process.argv.slice(2), '--yes']),
      2,
    );
  const question = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(
      (await question.question(`move ${apps === 1 ? 'it' : `these ${apps} apps`}? [y/N] `)).trim(),
    );
  } finally {
    question.close();
  }
}

function boot(moved: readonly Planned[], options: Options, say: (lines: readonly string[]) => void): void {
  const moves = moved.map(({ move }) => move);
  for (const unit of fossilUnits(moves)) {
    const failure = options.disableUnit ? disableUnit(unit) : null;
    if (options.disableUnit && failure === null) say([`${unit.name} is disabled: it has nothing left to start`]);
    else
      say([
        `${unit.name} still brings its daemon up at boot, and has nothing left to start${failure === null ? '' : ` (${failure})`}`,
        `  run:  sudo systemctl disable ${unit.name}`,
      ]);
  }
  for (const { user, label, userHome, home } of unbooted(moves)) {
    say([
      `nothing brings the daemon of ${label} up at boot`,
      `  run:  sudo pm2 startup systemd -u ${user} --hp ${home.endsWith('/.pm2') ? home.slice(0, -5) : userHome}`,
    ]);
  }
}

const CLEAR = '\r\x1b[K';

function progressOn(apps: string): Progress {
  return (step, back) => {
    if (process.stderr.isTTY)
      process.stderr.write(
        `${CLEAR}${escapeControls(`${apps}: ${progressLine(step, back)}`).slice(0, (process.stderr.columns || 80) - 1)}`,
      );
  };
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR);
}

export type { Prospect };
