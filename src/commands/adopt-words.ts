import { adoptCommandWords } from '../adopt/adopt-command.ts';
import type { AdoptChoice, MoveOutcome, Planned, Prospect, Unfinished } from '../adopt/adopt.ts';
import { steeringOf, type Consent } from '../adopt/consent.ts';
import { stepsOf, type Move, type MovedApp, type MovedProcess, type MoveStep } from '../adopt/move.ts';
import { acceptCommand, whoDecides, type Problem } from '../adopt/problems.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { spawnText } from '../adopt/records.ts';
import { quoteCommand } from '../terminal/shown.ts';

export interface DoneMove {
  move: Move;
  outcome: MoveOutcome;
}

export function isSettled({ type }: AdoptChoice): boolean {
  return type === 'move' || type === 'home';
}

/** Lines on the apps that are not moved. */
export function choiceLines({ choices }: Prospect): string[] {
  return choices.flatMap((choice) => {
    switch (choice.type) {
      case 'move':
        return [];
      case 'home':
        return [`${choice.name}: is in the right daemon already: ${choice.daemon} (${choice.pm2Home})`];
      case 'ambiguous':
        return [`${choice.name}: ${choice.why}`, ...labelled('choose', choice.next)];
      case 'unowned':
        return [`${choice.name}: the config does not say where it belongs`, ...labelled('choose', choice.next)];
      case 'module': {
        const install = quoteCommand(['pm2', 'install', '--', choice.name]);
        return [
          `${choice.name}: is a module of PM2's in ${choice.home}, and is not moved; as its new user: ${install}`,
        ];
      }
      case 'unknown': {
        const { strays } = choice;
        const others = strays.length === 0 ? 'there are no strays' : `strays are ${strays.join(', ')}`;
        const where = process.geteuid?.() === 0 ? 'on this host' : 'in what this user can see';
        return [`${choice.name}: no such app ${where}; ${others}`];
      }
    }
  });
}

/** The steps of a move, and its problems. */
export function planLines({ move, problems, notes, consent }: Planned): string[] {
  const { from, to } = move;
  return [
    `${namesOf(move)}: from ${from.user} in ${from.pm2Home} to ${to.label} (${to.user} in ${to.pm2Home})`,
    ...move.apps.flatMap(commandsOf).map((command) => `  runs      ${command}`),
    ...(consent === null ? [] : steeringOf(move).map((line) => `  with      ${line}`)),
    ...notes.map((note) => `  note      ${note}`),
    ...(problems.length > 0
      ? problems.flatMap(({ what, label, repair }) => [`  BLOCKED BY  ${what}`, ...labelled(label, repair)])
      : stepsOf(move).map((step, at) => `  ${String(at + 1).padStart(2)}.       ${stepInWords(step, move)}`)),
    ...(consent === null || consent.given || problems.length > 0 ? [] : consentLines(move, consent)),
  ];
}

function consentLines(move: Move, { users, digest }: Consent): string[] {
  return [
    `  note      ${whoDecides(move, users)}`,
    ...labelled('choose', [`accept the plan above:  ${acceptCommand(move, digest)}`]),
  ];
}

/** `  run:      command`. Further lines are aligned below the first. */
export function labelled(label: Problem['label'], lines: readonly string[]): string[] {
  return lines.map((line, at) => `  ${(at === 0 ? `${label}:` : '').padEnd('choose:   '.length)}${line}`);
}

export function outcomeLine(move: Move, { type, downtimeMs, why, log, open, withheld = [] }: MoveOutcome): string[] {
  const names = namesOf(move);
  const stopped = downtimeMs === null ? '' : `, stopped for ${(downtimeMs / 1000).toFixed(1)} s`;
  switch (type) {
    case 'moved':
      return [
        `${names}: moved to ${move.to.label} (${move.to.user} in ${move.to.pm2Home})${stopped}${because('; ', why)}`,
        ...withheldLines(move, withheld),
      ];
    case 'put back':
      return [
        `${names}: put back, in ${move.from.user}'s daemon in ${move.from.pm2Home}${because(': ', why)}`,
        ...log.map((line) => `  | ${line}`),
      ];
    case 'failed':
      return [
        `${names}: ${why ?? 'failed'}`,
        ...log.map((line) => `  | ${line}`),
        ...(open
          ? labelled('run', [adoptCommandWords([], { more: ['--resume'] })])
          : [`  it is registered in ${move.to.label}, and there is no way back`]),
      ];
  }
}

function because(before: string, why: string | null): string {
  return why === null ? '' : `${before}${why}`;
}

/** The old daemon's list had more than the plan showed (end-daemon.ts). */
function withheldLines({ to }: Move, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const start = (name: string) =>
    commandLineHere(['sudo', '-u', to.user, 'env', `PM2_HOME=${to.pm2Home}`, 'pm2', 'start', '--', name]);
  return [
    `  ${names.join(', ')}: registered in ${to.label} and not started: not as the plan showed it. Look at it first`,
    ...labelled('choose', names.map(start)),
  ];
}

export function unfinishedLine({ move, last, back }: Unfinished): string {
  const at = last === null ? ' before its first step' : ` at the step "${last}"${back ? ', on the way back' : ''}`;
  return `moving ${namesOf(move)} from ${move.from.user} in ${move.from.pm2Home} to ${move.to.label} was cut off${at}`;
}

export function progressLine(step: MoveStep, back: boolean): string {
  return back
    ? { remove: 'taken away again', start: 'started again where it was', save: 'saved lists as they were' }[
        step as 'remove' | 'start' | 'save'
      ]
    : {
        raise: 'bringing the daemon up',
        stop: 'stopping',
        end: 'ending the old daemon',
        right: 'putting the PM2_HOME right',
        start: 'starting',
        settle: 'watching whether it stays up',
        remove: 'taking it out of the old daemon',
        save: 'saving both lists',
        forget: 'clearing old lists',
      }[step];
}

function stepInWords(step: MoveStep, { apps, from, to, forget }: Move): string {
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
      return `give ${to.user} what root may have left in ${to.pm2Home}`;
    case 'start':
      return apps.every(({ twin }) => twin)
        ? `start the copy of ${to.user}, if it does not run`
        : `start ${names} as ${to.user}`;
    case 'settle':
      return `watch it for ${longest} s; where it does not stay online, put it back`;
    case 'remove':
      return `delete ${names} in the daemon of ${from.user}`;
    case 'save':
      return from.pm2Home === to.pm2Home
        ? `save ${names} in ${to.pm2Home}`
        : `save ${names} in ${to.pm2Home}, and no longer in ${from.pm2Home}`;
    case 'forget':
      return `save it no longer in ${forget.map(({ pm2Home }) => pm2Home).join(', ')}`;
  }
}

/** Each command line of an app once: instances usually share one, but may differ. */
function commandsOf({ name, processes }: MovedApp): string[] {
  const groups = new Map<string, MovedProcess[]>();
  for (const process of processes) {
    const command = commandOf(process);
    groups.set(command, [...(groups.get(command) ?? []), process]);
  }
  if (groups.size === 0) return [name];
  return [...groups].map(([command, group]) => {
    const isCluster = group[0]?.after.exec_mode === 'cluster_mode';
    const traits = [
      ...(group.length > 1 ? [`${group.length} processes`] : []),
      ...(isCluster ? ['cluster'] : []),
      ...(group.some(({ running }) => running) ? [] : ['stopped, stays stopped']),
    ];
    return traits.length === 0 ? command : `${command}   (${traits.join(', ')})`;
  });
}

function commandOf({ after }: MovedProcess): string {
  const { exec_interpreter: interpreter, node_args: before, pm_exec_path: script, args, pm_cwd: cwd } = after;
  const program = interpreter === 'none' ? [] : [interpreter];
  const words = [...program, ...list(before), script, ...list(args)].filter((word) => word != null).map(spawnText);
  return `${quoteCommand(words)}${cwd == null ? '' : `   in ${spawnText(cwd)}`}`;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? [value] : [];
}

function namesOf({ apps }: Move): string {
  return apps.map(({ name }) => name).join(', ');
}
