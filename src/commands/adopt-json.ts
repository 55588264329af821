import type { Prospect } from '../adopt/adopt.ts';
import { stepsOf } from '../adopt/move.ts';
import type { DoneMove } from './adopt-words.ts';

interface Told {
  dryRun: boolean;
  /** False: only root could have inspected everything. */
  complete: boolean;
}

export function asObject({ choices, planned }: Prospect, done: readonly DoneMove[], told: Told): object {
  return {
    ...told,
    moves: planned.map(({ move, problems, notes, consent }) => {
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
        from: { user: move.from.user, home: move.from.pm2Home, state: move.from.state, pid: move.from.pid },
        to: { daemon: move.to.label, user: move.to.user, home: move.to.pm2Home },
        steps: stepsOf(move),
        problems,
        notes,
        accept: consent?.digest ?? null,
        outcome: outcome === null ? null : outcome.type,
        downtimeMs: outcome?.downtimeMs ?? null,
        why: outcome?.why ?? null,
        log: outcome?.log ?? [],
        withheld: outcome?.withheld ?? [],
      };
    }),
    others: choices.flatMap((choice): object[] => {
      switch (choice.type) {
        case 'move':
          return [];
        case 'home':
          return [{ name: choice.name, type: choice.type, daemon: choice.daemon, home: choice.pm2Home }];
        case 'ambiguous':
          return [{ name: choice.name, type: choice.type, why: choice.why, next: choice.next }];
        case 'module':
          return [{ name: choice.name, type: choice.type, home: choice.home }];
        case 'unowned':
          return [{ name: choice.name, type: choice.type, home: choice.place.pm2Home }];
        case 'unknown':
          return [{ name: choice.name, type: choice.type, strays: choice.strays }];
      }
    }),
  };
}
