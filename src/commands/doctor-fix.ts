import { createInterface } from 'node:readline/promises';
import { examine } from '../doctor/doctor.ts';
import type { DoctorFinding } from '../doctor/finding.ts';
import { gatherDoctorFacts } from '../doctor/guard-facts.ts';
import { mend, fixPlanOf, type FixChange, type DoneFix } from '../doctor/mend/mend.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { exclusively } from './changes.ts';

export interface FixOptions {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

/**
 * `pm2-guard doctor --fix`: shows the repairs that need no decision, asks, repeats the check, repairs, and reports
 * the rest. Exit status: 0 nothing is wrong any more; 1 something is left; 2 nothing was begun.
 */
export async function fixAll({ dryRun = false, yes = false, json = false }: FixOptions): Promise<void> {
  const look = async () => examine(await gatherDoctorFacts());
  const say = (lines: readonly string[]) => {
    if (!json) process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  };
  const before = await look();
  const plan = fixPlanOf(before);
  const changes = plan.map(({ change }) => change);
  say(changes.length > 0 ? changes.map(planLine) : ['there is nothing that doctor may repair by itself']);
  if (dryRun || changes.length === 0) {
    end(before, [], changes, { dryRun, json, say });
    return;
  }
  if (!yes && !(await agreed(changes.length, json))) {
    process.stderr.write('pm2-guard: nothing was changed\n');
    process.exitCode = 2;
    return;
  }
  const done = await exclusively(false, async () => mend(plan, await look()));
  say(done.map(doneLine));
  end(await look(), done, changes, { dryRun, json, say });
}

function end(
  left: readonly DoctorFinding[],
  done: readonly DoneFix[],
  plan: readonly FixChange[],
  { dryRun, json, say }: { dryRun: boolean; json: boolean; say: (lines: readonly string[]) => void },
): void {
  if (json) process.stdout.write(`${JSON.stringify({ schema: 1, dryRun, plan, done, left }, null, 2)}\n`);
  say(left.filter(({ fix }) => !dryRun || fix === null).flatMap(leftLines));
  if (dryRun) say(['nothing was changed']);
  process.exitCode = left.length > 0 ? 1 : 0;
}

async function agreed(count: number, json: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || json)
    throw new UserError(
      'not a terminal: pass --yes to confirm. Nothing was changed.',
      rootCommandLine('doctor', '--fix', '--yes'),
      2,
    );
  const question = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(
      (await question.question(`${count === 1 ? 'make this change' : `make these ${count} changes`}? [y/N] `)).trim(),
    );
  } finally {
    question.close();
  }
}

function planLine({ code, path, what }: FixChange): string {
  return `${code}  ${path}: ${what}`;
}

function doneLine({ code, path, what, undo, left }: DoneFix): string {
  if (left !== null) return `NOT DONE  ${code}  ${path}: ${left}`;
  return `done      ${code}  ${path}: ${what}${undo === null ? '' : `  (back: ${quoteCommand(undo)})`}`;
}

function leftLines({ code, what, repair }: DoctorFinding): string[] {
  const whose = repair.some((words) => words.includes('adopt')) ? 'to adopt' : 'to you';
  return [`left ${whose}  ${code}  ${what}`, ...repair.map((words) => `  run:  ${quoteCommand(words)}`)];
}
