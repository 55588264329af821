import { Command, Option } from 'commander';
import { adoptCommandWords as adoptWords } from '../adopt/adopt-command.ts';
import {
  takeLock,
  requireAgent,
  carryOutMove,
  finish,
  pending,
  previewOf,
  type Planned,
  type Prospect,
  type AdoptRequest,
  type Unfinished,
} from '../adopt/adopt.ts';
import type { Move } from '../adopt/move.ts';
import { UserError } from '../terminal/user-error.ts';
import { launcherOf, requirePolicy } from './adopt-host.ts';
import { asObject } from './adopt-json.ts';
import { agreed, clearProgress, progressOn, printLines, untilInterrupted } from './adopt-run.ts';
import { settleBootUnits } from './adopt-units.ts';
import {
  choiceLines,
  isSettled,
  labelled,
  outcomeLine,
  planLines,
  unfinishedLine,
  type DoneMove,
} from './adopt-words.ts';
import { exclusively } from './changes.ts';

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
  accept?: string[];
}

/** `pm2-guard adopt`: moves an app to the daemon it belongs to, without losing it. */
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
    .option(
      '--accept <digest>',
      'agree to a plan that was shown, where another user decides what would run',
      collect,
      [],
    )
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
  sudo pm2-guard adopt --from deploy --to web -- myapp
  sudo pm2-guard adopt --from /var/www/.pm2   a daemon of root's in another user's home
  sudo pm2-guard adopt --resume             after a power failure

Script, arguments, environment, instances, limits and logs outside of the PM2_HOME stay as they are. What belonged to
the old user goes. First everything the app needs is tried as its new user. While something stands against it, nothing
is touched. An app that does not stay online for its min_uptime is put back. All steps are in a journal until the end.
Where another user decides what runs in the old daemon, a name and --yes are not enough: on a terminal it is asked
apart, and elsewhere --accept takes the digest that --dry-run shows.
Exit status: 0 all is home; 1 something is not, it is named; 2 nothing was begun.`,
    )
    .action((names: string[], options: Options) =>
      options.resume || options.rollback
        ? finishAll(options.resume ? 'resume' : 'rollback', options)
        : adoptAll(names, options),
    );
}

async function adoptAll(names: string[], options: Options): Promise<void> {
  if (names.length === 0 && !options.allStrays && options.from === undefined) {
    throw new UserError('which app?', adoptWords([], { more: ['--all-strays', '--dry-run'] }), 2);
  }
  if (names.length > 0 && options.allStrays)
    throw new UserError('--all-strays is for all of them: name apps, or say that', null, 2);
  const policy = requirePolicy();
  const release = options.dryRun ? null : takeLock();
  try {
    refuseUnfinished(pending());
    const seen = await previewOf(requestOf(names, options), policy, launcherOf);
    const blind = isBlind(seen, options);
    if (!options.json) {
      printLines([...choiceLines(seen), ...seen.planned.flatMap(planLines)]);
      if (blind) printLines(blindLines(names, options));
      else if (seen.choices.length + seen.planned.length === 0) printLines([nothingLine(options)]);
    }
    const tell = (done: readonly DoneMove[]) => {
      if (options.json)
        process.stdout.write(
          `${JSON.stringify(asObject(seen, done, { dryRun: options.dryRun === true, complete: !blind }), null, 2)}\n`,
        );
    };
    const clear = seen.planned.filter(({ problems }) => problems.length === 0);
    const unsettled = seen.choices.filter((choice) => !isSettled(choice));
    if (unsettled.length > 0 || options.dryRun || clear.length === 0) {
      tell([]);
      const nothing = unsettled.length > 0 || (blind && seen.planned.length === 0);
      process.exitCode = nothing ? 2 : blind || clear.length < seen.planned.length ? 1 : 0;
      return;
    }
    if (!(await agreed(clear, options.yes === true, options.json === true))) {
      process.exitCode = 2;
      return;
    }
    const done = await exclusively(false, async () => {
      requireAgent();
      const outcomes = await carryOutAll(clear, options);
      settleBootUnits(
        clear.filter((_, at) => outcomes[at]?.outcome.type === 'moved'),
        options,
      );
      return outcomes;
    });
    tell(done);
    const all = done.length === seen.planned.length && done.every(isWhole);
    process.exitCode = all && !blind ? 0 : 1;
  } finally {
    release?.();
  }
}

function nothingLine({ from }: Options): string {
  return from === undefined
    ? 'nothing to adopt: each app runs in the daemon that the config gives it'
    : `nothing to adopt from ${from}: no app runs there`;
}

/** The app may be in another user's daemon, which only root can inspect. */
function isBlind({ choices }: Prospect, { allStrays = false }: Options): boolean {
  return process.geteuid?.() !== 0 && (allStrays || choices.some(({ type }) => type === 'unknown'));
}

function blindLines(names: readonly string[], { from, to, allStrays, dryRun }: Options): string[] {
  const more = [...(allStrays ? ['--all-strays'] : []), ...(dryRun ? ['--dry-run'] : [])];
  return [
    "only root can tell: the daemons of other users are not this user's to look into",
    ...labelled('run', [
      adoptWords(names, {
        asRoot: true,
        more,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      }),
    ]),
  ];
}

function collect(word: string, before: readonly string[]): string[] {
  return [...before, word];
}

function requestOf(names: string[], options: Options): AdoptRequest {
  const { allStrays = false, from = null, to = null, overlap = false, accept = [] } = options;
  const asks = process.stdin.isTTY && !options.yes && !options.json && !allStrays;
  return { names, allStrays, from, to, overlap, accept, consent: options.dryRun ? 'show' : asks ? 'ask' : 'refuse' };
}

async function carryOutAll(moves: readonly Planned[], { json }: Options): Promise<DoneMove[]> {
  const done: DoneMove[] = [];
  await untilInterrupted(moves, async (planned) => {
    const outcome = await carryOutMove(planned, progressOn(namesOf(planned.move)));
    clearProgress();
    done.push({ move: planned.move, outcome });
    if (!json) printLines(outcomeLine(planned.move, outcome));
  });
  return done;
}

async function finishAll(way: 'resume' | 'rollback', { json }: Options): Promise<void> {
  const release = takeLock();
  try {
    const done: DoneMove[] = [];
    const left = pending();
    await exclusively(left.length === 0, async () => {
      requireAgent();
      await untilInterrupted(left, async (one) => {
        const outcome = await finish(one, way, progressOn(namesOf(one.move)));
        clearProgress();
        done.push({ move: one.move, outcome });
        if (!json) printLines(outcomeLine(one.move, outcome));
      });
    });
    const told = done.map(({ move, outcome }) => ({ apps: move.apps.map(({ name }) => name), ...outcome }));
    if (json) process.stdout.write(`${JSON.stringify({ done: told }, null, 2)}\n`);
    else if (left.length === 0) printLines(['no adoption was cut off']);
    const whole = way === 'resume' ? done.every(isWhole) : done.every(({ outcome }) => outcome.type === 'put back');
    process.exitCode = done.length === left.length && whole ? 0 : 1;
  } finally {
    release();
  }
}

/** It was moved, and everything that ran runs again. */
function isWhole({ outcome }: DoneMove): boolean {
  return outcome.type === 'moved' && outcome.withheld === undefined;
}

function namesOf({ apps }: Move): string {
  return apps.map(({ name }) => name).join(', ');
}

function refuseUnfinished(left: readonly Unfinished[]): void {
  const [first] = left;
  if (first === undefined) return;
  throw new UserError(
    `${left.map(unfinishedLine).join('\n')}\nfinish that first, or take it back with --rollback`,
    adoptWords([], { more: ['--resume'] }),
    2,
  );
}
