import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exeOf } from '../host/processes/process-facts.ts';
import type { Pid, Pm2Home } from '../runtime/brands.ts';
import { commandLineHere, installPm2Line } from '../terminal/root-command.ts';
import { findUntrusted } from '../trust/trust.ts';
import { copiesIn } from './choose.ts';
import { liveDaemonOf, type HostInventory, type AppSource } from './find.ts';
import { problemOf } from './faults.ts';
import { heldPorts, needsOf } from './needs.ts';
import type { Planned } from './plan.ts';
import { rootAdoptCommand, type Problem } from './problems.ts';
import { putRight, type LeftOver } from './put-right.ts';
import type { Seat } from './seat.ts';
import { AgentError, Worker } from './work-as.ts';

/** Tries everything that a move will need, as the user who will need it. It changes nothing. */
export async function inspect({ move, problems, notes, consent }: Planned, found: HostInventory): Promise<void> {
  const { to, from, launcher } = move;
  const target = liveDaemonOf(to, found);
  problems.push(
    ...heldPorts(
      move,
      found,
      ours(
        move.from,
        move.apps.map(({ name }) => name),
        found,
      ),
    ),
  );
  const righted = await putRight(to, true);
  const given = righted.given;
  if (given.length > 0) {
    const what = given.length === 1 ? (given[0] ?? '') : `${given.length} files in ${to.pm2Home}`;
    notes.push(
      given.length === 1
        ? `${what} belongs to root: the move gives it to ${to.user}`
        : `${what} belong to root: the move gives them to ${to.user}`,
    );
  }
  for (const one of righted.left) {
    // A daemon only reads its modules.
    if (one.path === join(to.pm2Home, 'modules')) notes.push(`${one.path} stays root's: ${one.why}`);
    else problems.push(leftProblem(one, to));
  }
  const needs = needsOf(move, target?.pid ?? null);
  const node = nodeOf(target) ?? launcher.node;
  // Files that root is about to give to the user are no obstacle.
  const make = needs.make.filter((path) => !given.includes(path));
  const run = target === null && launcher.pm2 !== null ? [...needs.run, launcher.node] : needs.run;
  if (target === null && launcher.pm2 === null)
    problems.push({
      what: `the daemon of ${to.label} does not run, and there is no pm2 to start it with`,
      label: 'run',
      repair: [installPm2Line()],
    });
  if (from.state === 'lost' && !existsSync(from.pm2Home))
    problems.push({
      what: `${from.pm2Home} is gone, so its daemon could not save its list there as it ends`,
      label: 'fix',
      repair: [commandLineHere(['sudo', '-u', from.user, 'mkdir', from.pm2Home])],
    });
  let worker: Worker | null = null;
  try {
    worker = new Worker(to);
    problems.push(
      ...(await worker.look({ needs: { ...needs, make, run }, node })).map((fault) =>
        problemOf(fault, move, node, consent?.users ?? []),
      ),
    );
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    problems.push({
      what: error.message,
      label: 'run',
      repair: process.geteuid?.() === 0 ? [] : [rootAdoptCommand(move)],
    });
  } finally {
    worker?.dispose();
  }
}

/** A problem with a file of root's in the new PM2_HOME. A link cannot redirect its command. */
function leftProblem({ path, why, isLink }: LeftOver, to: Seat): Problem {
  const what = `${path} is root's, and it is not given to ${to.user}: ${why}`;
  if (isLink) {
    const fix = `in the config, set home: of ${to.label} to the directory itself`;
    return { what: `${path}: ${why}`, label: 'fix', repair: path === to.pm2Home ? [fix] : [] };
  }
  if (findUntrusted(dirname(path), 'directory') === null)
    return { what, label: 'fix', repair: [commandLineHere(['sudo', 'chown', '-h', `${to.user}:`, path])] };
  const repair = commandLineHere(['sudo', '-u', to.user, 'mv', '-n', path, `${path}.of-root`]);
  return { what, label: 'fix', repair: [repair] };
}

/** Every process of those names, and the old daemon, which listens for its apps in cluster mode. */
function ours(
  from: { pid: Pid | null; pm2Home: Pm2Home } & Seat,
  names: readonly string[],
  found: HostInventory,
): Pid[] {
  const places: AppSource[] = found.places.filter(({ pid, pm2Home }) => pid === from.pid && pm2Home === from.pm2Home);
  const pids = places
    .flatMap(copiesIn)
    .filter(({ name }) => names.includes(name))
    .flatMap(({ processes }) => processes.map(({ pid }) => pid))
    .filter((pid) => pid > 0);
  return [...pids.flatMap(found.below), ...(from.pid === null ? [] : [from.pid])];
}

function nodeOf(place: AppSource | null): string | null {
  return place?.pid == null ? null : exeOf(place.pid);
}
