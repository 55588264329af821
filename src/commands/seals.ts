import type { SealResult } from '../seal/seal.ts';
import { escapeControls } from '../terminal/escape.ts';

/** Options that `seal` and `unseal` share. */
export interface SealOptions {
  path: string[];
  user: string[];
  dryRun?: boolean;
  json?: boolean;
}

export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Prints the result for each package, and sets the exit status. */
export function report(results: SealResult[], { dryRun, json }: SealOptions, none: string): void {
  const dry = dryRun === true;
  if (results.some(({ outcome }) => outcome === 'refused')) process.exitCode = 1;
  if (json) process.stdout.write(`${JSON.stringify({ dryRun: dry, packages: results }, null, 2)}\n`);
  else {
    const lines = [...(results.length === 0 ? [none] : resultLines(results)), ...(dry ? ['nothing was changed'] : [])];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** A line per package; below a refused one, the command to type. */
export function resultLines(results: SealResult[]): string[] {
  return results.flatMap(({ package: directory, version, user, outcome, fault }) => {
    const by = user === null || user === 'root' ? '' : `, as ${user}`;
    const done = (outcome === 'refused' ? 'NOT DONE' : outcome).padEnd(11);
    const what = `${done}${directory}  (${version === null ? 'no PM2' : `PM2 ${version}`}${by})`;
    return [
      what + (fault === null ? '' : `: ${fault.why}`),
      ...(fault?.next === undefined || fault.next === null ? [] : [`  run:  ${fault.next}`]),
    ].map(escapeControls);
  });
}
