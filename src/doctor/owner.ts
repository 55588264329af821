import type { AppFacts } from '../host/daemons/app-facts.ts';
import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { LivingFacts } from '../host/facts.ts';
import { lineageOf, type Forebear } from '../host/processes/lineage.ts';
import type { Pid } from '../runtime/brands.ts';
import { declaredAs, isUndeclared, placementOf } from './placement.ts';

export type OwnerQuestion = { port: number } | { pid: Pid } | { app: string };

/** The answer of `pm2-guard owner` (T37). */
export interface OwnerAnswer {
  question: OwnerQuestion;
  owners: ProcessOwner[];
  /** Matching processes without a daemon, each with its ancestors. */
  others: Forebear[][];
  /** Why the answer is empty or may be incomplete; null: it is complete. */
  note: string | null;
}

export interface ProcessOwner {
  /** Null: not declared. */
  daemon: string | null;
  stray: boolean;
  user: string | null;
  home: string;
  /** Null: the daemon itself, which listens for its apps in cluster mode. */
  app: { name: string; id: number; state: string | null; placement: string } | null;
  /** From the process up to init; empty: no process runs. */
  lineage: Forebear[];
}

export function whoOwns(question: OwnerQuestion, facts: LivingFacts): OwnerAnswer {
  if ('app' in question) return ownersOfName(question, facts);
  return 'pid' in question ? ownersOfPid(question, facts) : ownersOfPort(question, facts);
}

function ownersOfName(question: { app: string }, facts: LivingFacts): OwnerAnswer {
  const owners = facts.daemons.flatMap((daemon) =>
    daemon.apps
      .filter(({ name, namespace }) => name === question.app || namespace === question.app)
      .map((app) => ownerOf(daemon, app, app.process?.pid ?? null, facts)),
  );
  const ghosts = facts.ghosts
    .filter(({ app }) => app === question.app)
    .map(({ process }) => lineageOf(facts.processes, process.pid));
  return {
    question,
    owners,
    others: ghosts,
    note: owners.length + ghosts.length > 0 ? null : `no living daemon has an app or a namespace ${question.app}`,
  };
}

function ownersOfPid(question: { pid: Pid }, facts: LivingFacts): OwnerAnswer {
  const { owners, others } = ownersOf([question.pid], facts);
  return {
    question,
    owners,
    others,
    note: facts.processes.byPid.has(question.pid) ? null : `there is no process ${question.pid}`,
  };
}

function ownersOfPort(question: { port: number }, facts: LivingFacts): OwnerAnswer {
  const sockets = facts.listeners.filter(({ port }) => port === question.port);
  const holders = sockets.map(({ inode }) => facts.processes.holders.get(inode) ?? []);
  const { owners, others } = ownersOf([...new Set(holders.flat().map(({ pid }) => pid))], facts);
  const hidden = holders.some((list) => list.length === 0);
  return {
    question,
    owners,
    others,
    note:
      sockets.length === 0
        ? `no process listens on port ${question.port}`
        : !hidden
          ? null
          : facts.asRoot
            ? `port ${question.port} is open, and no process here has it: the kernel has it, or a container`
            : `only root can see which process listens on port ${question.port}`,
  };
}

/** Shows the first of several processes of an app, and the deepest of one line of descent. */
function ownersOf(pids: readonly Pid[], facts: LivingFacts): Pick<OwnerAnswer, 'owners' | 'others'> {
  const owners = new Map<string, ProcessOwner>();
  const others: Forebear[][] = [];
  for (const pid of pids) {
    const lineage = lineageOf(facts.processes, pid);
    const daemon = nearest(lineage, [...facts.daemons, ...facts.socketless], (one) => one.pid);
    if (daemon === null) {
      if (lineage.length > 0) others.push(lineage);
      continue;
    }
    const app = nearest(lineage, daemon.apps, ({ process }) => process?.pid ?? null);
    const key = `${daemon.pid ?? ''} ${app?.pmId ?? ''}`;
    if ((owners.get(key)?.lineage.length ?? 0) < lineage.length) owners.set(key, ownerOf(daemon, app, pid, facts));
  }
  return { owners: [...owners.values()], others };
}

/** An app can run a daemon of its own (pm2-runtime), so the first forebear decides. */
function nearest<One>(lineage: readonly Forebear[], all: readonly One[], pidOf: (one: One) => Pid | null): One | null {
  for (const { pid } of lineage) {
    const found = all.find((one) => pidOf(one) === pid);
    if (found !== undefined) return found;
  }
  return null;
}

function ownerOf(daemon: DaemonFacts, app: AppFacts | null, pid: Pid | null, facts: LivingFacts): ProcessOwner {
  return {
    daemon: declaredAs(daemon)?.name ?? null,
    stray: isUndeclared(daemon, facts),
    user: daemon.user,
    home: daemon.pm2Home,
    app:
      app === null
        ? null
        : { name: app.name, id: app.pmId, state: app.status, placement: placementOf(app, daemon, facts).type },
    lineage: pid === null ? [] : lineageOf(facts.processes, pid),
  };
}

const LINE = 100;

export function answerLines({ question, owners, others, note }: OwnerAnswer): string[] {
  const what = 'app' in question ? question.app : 'pid' in question ? `pid ${question.pid}` : `port ${question.port}`;
  return [
    ...owners.flatMap((owner) => [`${what} is owned by ${ownerInWords(owner)}`, ...way(owner.lineage)]),
    ...others.flatMap((lineage) => [`${what} is owned by no PM2 daemon`, ...way(lineage)]),
    ...(note === null ? [] : [note]),
  ];
}

function ownerInWords({ daemon, stray, user, home: pm2Home, app }: ProcessOwner): string {
  const whose = user ?? 'an unknown user';
  const name =
    daemon !== null
      ? `daemon ${daemon} of ${whose}`
      : stray
        ? `a daemon of ${whose} that no config declares,`
        : `the daemon of ${whose}`;
  const part =
    app === null
      ? ', the daemon itself'
      : `: app ${app.name} (id ` +
        `${app.id})${app.state === null ? '' : `, ${app.state}`}${app.placement === 'stray' ? ', a stray' : ''}`;
  return `${name} in ${pm2Home}${part}`;
}

function way(lineage: readonly Forebear[]): string[] {
  return lineage.map(
    ({ pid, user, command }) =>
      `  pid ${String(pid).padEnd(7)}  ${user.padEnd(10)}  ` +
      (command === '' ? '-' : command.length > LINE ? `${command.slice(0, LINE)}...` : command),
  );
}
