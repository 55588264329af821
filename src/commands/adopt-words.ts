import type { Choice, Outcome, Planned, Prospect, Unfinished } from '../adopt/adopt.ts';
import { stepsOf, type Move, type MovedApp, type Step } from '../adopt/move.ts';
import { shown } from '../terminal/shown.ts';

/** What became of a move. */
export interface Done {
  move: Move;
  outcome: Outcome;
}

/** Nobody has to decide anything about it. */
export function isSettled({ type }: Choice): boolean {
  return type === 'move' || type === 'home';
}

/** What is to be said of apps that are not moved. */
export function choiceLines({ choices }: Prospect): string[] {
  return choices.flatMap((choice) => {
    switch (choice.type) {
      case 'move':
        return [];
      case 'home':
        return [`${choice.name}: is home already, in ${choice.daemon} (${choice.home})`];
      case 'ambiguous':
        return [`${choice.name}: ${choice.why}`, ...choice.next.map((command) => `  run:  ${command}`)];
      case 'unowned':
        return [
          `${choice.name}: the config does not say where it belongs`,
          `  run:  pm2-guard adopt ${shown([choice.name])} --to DAEMON`,
        ];
      case 'module':
        return [
          `${choice.name}: is one of PM2's modules, and is not moved from ${choice.home}; as its new user:  pm2 install ${choice.name}`,
        ];
      case 'unknown':
        return [
          `${choice.name}: no such app on this host${choice.strays.length === 0 ? '; there are no strays' : `; strays are ${choice.strays.join(', ')}`}`,
        ];
    }
  });
}

/** A move, step by step, with what stands against it. */
export function planLines({ move, problems, notes }: Planned): string[] {
  return [
    `${namesOf(move)}: from ${move.from.user} in ${move.from.home} to ${move.to.label} (${move.to.user} in ${move.to.home})`,
    ...move.apps.map((app) => `  runs  ${commandOf(app)}`),
    ...notes.map((note) => `  note  ${note}`),
    ...(problems.length > 0
      ? problems.flatMap(({ what, repair }) => [
          `  BARS  ${what}`,
          ...repair.map((command) => `        run:  ${command}`),
        ])
      : stepsOf(move).map((step, at) => `  ${String(at + 1).padStart(2)}.   ${stepInWords(step, move)}`)),
  ];
}

export function outcomeLine(move: Move, { type, downtimeMs, why, log, open }: Outcome): string[] {
  const names = namesOf(move);
  const stopped = downtimeMs === null ? '' : `, stopped for ${(downtimeMs / 1000).toFixed(1)} s`;
  switch (type) {
    case 'moved':
      return [
        `${names}: moved to ${move.to.label} (${move.to.user} in ${move.to.home})${stopped}${why === null ? '' : `; ${why}`}`,
      ];
    case 'put back':
      return [
        `${names}: put back, in ${move.from.user}'s daemon in ${move.from.home}${why === null ? '' : `: ${why}`}`,
        ...log.map((line) => `  | ${line}`),
      ];
    case 'failed':
      return [
        `${names}: ${why ?? 'failed'}`,
        ...log.map((line) => `  | ${line}`),
        open ? '  run:  pm2-guard adopt --resume' : `  it is registered in ${move.to.label}, and there is no way back`,
      ];
  }
}

export function unfinishedLine({ move, last, back }: Unfinished): string {
  return `moving ${namesOf(move)} from ${move.from.user} in ${move.from.home} to ${move.to.label} was cut off${last === null ? ' before its first step' : ` at the step "${last}"${back ? ', on the way back' : ''}`}`;
}

export function progressLine(step: Step, back: boolean): string {
  return back
    ? { remove: 'taken away again', start: 'started again where it was', save: 'saved lists as they were' }[
        step as 'remove' | 'start' | 'save'
      ]
    : {
        raise: 'bringing the daemon up',
        stop: 'stopping',
        end: 'ending the old daemon',
        right: 'putting the home right',
        start: 'starting',
        settle: 'watching whether it stays up',
        remove: 'taking it out of the old daemon',
        save: 'saving both lists',
        forget: 'clearing old lists',
      }[step];
}

/** The object of --json. */
export function asObject({ choices, planned }: Prospect, done: readonly Done[], dryRun: boolean): object {
  return {
    dryRun,
    moves: planned.map(({ move, problems, notes }) => {
      const outcome = done.find((one) => one.move === move)?.outcome ?? null;
      return {
        apps: move.apps.map((app) => ({
          name: app.name,
          processes: app.processes.length,
          running: app.processes.filter(({ running }) => running).length,
          ports: app.ports,
          twin: app.twin,
          dropped: app.dropped,
        })),
        from: { user: move.from.user, home: move.from.home, state: move.from.state, pid: move.from.pid },
        to: { daemon: move.to.label, user: move.to.user, home: move.to.home },
        steps: stepsOf(move),
        problems,
        notes,
        outcome: outcome === null ? null : outcome.type,
        downtimeMs: outcome?.downtimeMs ?? null,
        why: outcome?.why ?? null,
        log: outcome?.log ?? [],
      };
    }),
    others: choices.flatMap((choice): object[] => {
      switch (choice.type) {
        case 'move':
          return [];
        case 'home':
          return [{ name: choice.name, type: choice.type, daemon: choice.daemon, home: choice.home }];
        case 'ambiguous':
          return [{ name: choice.name, type: choice.type, why: choice.why, next: choice.next }];
        case 'module':
          return [{ name: choice.name, type: choice.type, home: choice.home }];
        case 'unowned':
          return [{ name: choice.name, type: choice.type, home: choice.place.home }];
        case 'unknown':
          return [{ name: choice.name, type: choice.type, strays: choice.strays }];
      }
    }),
  };
}

function stepInWords(step: Step, { apps, from, to, forget }: Move): string {
  const names = apps.map(({ name }) => name).join(', ');
  const longest = Math.max(...apps.map(({ minUptime }) => minUptime)) / 1000;
  switch (step) {
    case 'raise':
      return `bring up the daemon of ${to.label} if it does not run`;
    case 'stop':
      return `stop ${names} in the daemon of ${from.user}`;
    case 'end':
      return `stop all in the daemon of ${from.user}, and the daemon itself (pid ${from.pid ?? '?'})`;
    case 'right':
      return `give ${to.user} what root may have left in ${to.home}`;
    case 'start':
      return apps.every(({ twin }) => twin)
        ? `start the copy of ${to.user}, if it does not run`
        : `start ${names} as ${to.user}`;
    case 'settle':
      return `watch it for ${longest} s; where it does not stay online, put it back`;
    case 'remove':
      return `delete ${names} in the daemon of ${from.user}`;
    case 'save':
      return from.home === to.home
        ? `save ${names} in ${to.home}`
        : `save ${names} in ${to.home}, and no longer in ${from.home}`;
    case 'forget':
      return `save it no longer in ${forget.map(({ home }) => home).join(', ')}`;
  }
}

function commandOf({ name, processes }: MovedApp): string {
  const [first] = processes;
  if (first === undefined) return name;
  const {
    exec_interpreter: interpreter,
    node_args: before,
    pm_exec_path: script,
    args,
    pm_cwd: cwd,
    exec_mode: mode,
  } = first.after;
  const words = [...(interpreter === 'none' ? [] : [interpreter]), ...list(before), script, ...list(args)].filter(
    (word) => typeof word === 'string',
  );
  const running = processes.filter((process) => process.running).length;
  const count = [
    processes.length > 1 ? `${processes.length} processes` : '',
    mode === 'cluster_mode' ? 'cluster' : '',
    running === 0 ? 'stopped, stays stopped' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
  return `${shown(words)}${typeof cwd === 'string' ? `   in ${cwd}` : ''}${count === '' ? '' : `   (${count})`}`;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? [value] : [];
}

function namesOf({ apps }: Move): string {
  return apps.map(({ name }) => name).join(', ');
}
