import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { makeSystems, type System } from '../harness/systems.mjs';
import { ALL, cellsOf, type Cell } from './cells.ts';
import { bringHome, checks, fallIn } from './checks.ts';
import { committed, lineOf, rewrite, tried, type Tried } from './table.ts';

/** Tries everything on each cell of a system, and compares with what docs/systems.md says. */
export function describeSystem(system: System): void {
  describeOnHost(system, () => {
    const held = new Map<Cell, Set<Tried>>();
    // Made by .ci/run before; by hand it may take some minutes.
    beforeAll(() => makeSystems([system]), 900_000);

    describe.each(cellsOf(system))('node $node, $sudo, PM2 $pm2 in $prefix', (cell) => {
      let host: Host;
      const holds = new Set<Tried>();
      held.set(cell, holds);
      beforeAll(async () => {
        host = await createHost(cell);
      });
      afterAll(() => host.dispose());

      it("plain: root's daemon has the app, and its user cannot restart it", () => fallIn(host));
      for (const what of tried) {
        it(`guarded: ${what}`, { timeout: 120_000 }, async () => {
          if (!['install', 'doctor', 'adopt'].includes(what)) await bringHome(host);
          await checks[what](host);
          holds.add(what);
        });
      }
    });

    it('is what docs/systems.md says', () => {
      const lines = cellsOf(system).map((cell, index) => lineOf(cell, [...held.values()][index] ?? new Set()));
      const before = committed(system);
      if (ALL && process.env['CI'] !== 'true') rewrite(system, lines); // to be committed
      expect(lines).toEqual(ALL ? before : before.filter((line) => lines.includes(line)));
    });
  });
}
