import type { Planned } from '../adopt/adopt.ts';
import { disableUnit, uselessUnits, withoutBootUnit } from '../adopt/boot.ts';
import { startupWords } from '../pm2/startup-words.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { printLines } from './adopt-run.ts';
import { labelled } from './adopt-words.ts';

/** Tells which boot units these moves leave without apps, and which daemons have none. Disables the former if asked. */
export function settleBootUnits(moved: readonly Planned[], options: { json?: boolean; disableUnit?: boolean }): void {
  const lines = (text: readonly string[]) => {
    if (!options.json) printLines(text);
  };
  const moves = moved.map(({ move }) => move);
  for (const unit of uselessUnits(moves)) {
    const failure = options.disableUnit ? disableUnit(unit) : null;
    if (options.disableUnit && failure === null) {
      lines([`${unit.name} is disabled: it has nothing left to start`]);
      continue;
    }
    const why = failure === null ? '' : ` (${failure})`;
    lines([
      `${unit.name} still brings its daemon up at boot, and has nothing left to start${why}`,
      ...labelled('run', [commandLineHere(['sudo', 'systemctl', 'disable', unit.name])]),
    ]);
  }
  for (const { user, label, pm2Home } of withoutBootUnit(moves)) {
    lines([
      `nothing brings the daemon of ${label} up at boot`,
      ...labelled('run', [commandLineHere(startupWords(user, pm2Home))]),
    ]);
  }
}
