import { existsSync } from 'node:fs';
import { exeOf } from '../host/process-facts.ts';
import { shown } from '../terminal/shown.ts';
import { copiesIn } from './choose.ts';
import type { Found, Place } from './find.ts';
import { heldPorts, needsOf, problemOf } from './needs.ts';
import { asRoot, type Planned, type Problem } from './plan.ts';
import { putRight } from './put-right.ts';
import type { Seat } from './seat.ts';
import { AgentError, Worker } from './work-as.ts';

/** Looks before the leap: everything a move will need is tried as the user who will need it. Nothing is changed. */
export async function inspect({ move, problems, notes }: Planned, found: Found): Promise<void> {
  const { to, from, launcher } = move;
  const target =
    found.places.find(({ state, home, seat }) => state === 'live' && home === to.home && seat?.uid === to.uid) ?? null;
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
  const { given, left } = putRight(to, true);
  if (given.length > 0)
    notes.push(
      `root has left ${given.length === 1 ? (given[0] ?? '') : `${given.length} files`} in ${to.home}: ${given.length === 1 ? 'it is' : 'they are'} given to ${to.user}`,
    );
  problems.push(
    ...left.map((what): Problem => ({
      what,
      repair: [shown(['chown', '-h', `${to.user}:`, what.split(' ')[0] ?? ''])],
    })),
  );
  const needs = needsOf(move, target?.pid ?? null);
  const node = nodeOf(target) ?? launcher.node;
  // What root is about to give the user is not in the way.
  const make = needs.make.filter((path) => !given.includes(path));
  const run = target === null && launcher.pm2 !== null ? [...needs.run, launcher.node] : needs.run;
  if (target === null && launcher.pm2 === null)
    problems.push({
      what: `the daemon of ${to.label} does not run, and there is no pm2 to start it with`,
      repair: ['npm install -g pm2'],
    });
  if (from.state === 'lost' && !existsSync(from.home))
    problems.push({
      what: `${from.home} is gone, and its daemon could not leave word of what it runs`,
      repair: [shown(['install', '-d', '-o', from.user, from.home])],
    });
  let worker: Worker | null = null;
  try {
    worker = new Worker(to);
    problems.push(
      ...(await worker.look({ needs: { ...needs, make, run }, node })).map((fault) => problemOf(fault, move, node)),
    );
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    problems.push({ what: error.message, repair: process.geteuid?.() === 0 ? [] : [asRoot(move)] });
  } finally {
    worker?.dispose();
  }
}

/** Every process of those names, wherever it runs, and the old daemon, which listens for its apps in cluster mode. */
function ours(from: { pid: number | null; home: string } & Seat, names: readonly string[], found: Found): number[] {
  const places: Place[] = found.places.filter(({ pid, home }) => pid === from.pid && home === from.home);
  const pids = places
    .flatMap(copiesIn)
    .filter(({ name }) => names.includes(name))
    .flatMap(({ processes }) => processes.map(({ pid }) => pid))
    .filter((pid) => pid > 0);
  return [...pids.flatMap(found.below), ...(from.pid === null ? [] : [from.pid])];
}

function nodeOf(place: Place | null): string | null {
  return place?.pid == null ? null : exeOf(place.pid);
}
