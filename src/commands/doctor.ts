import { Command } from 'commander';
import { examine } from '../doctor/doctor.ts';
import { gather } from '../doctor/guard-facts.ts';
import { doorFile } from './seals.ts';
import { escapeControls } from '../terminal/escape.ts';
import { shown } from '../terminal/shown.ts';

/** `pm2-guard doctor`: which daemon owns what on this host, and what is wrong. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('which daemon owns what on this host, and what is wrong: seen from the kernel, never by running pm2')
    .option('--json', 'one object for scripts')
    .addHelpText('after', `
Examples:
  sudo pm2-guard doctor
  sudo pm2-guard doctor --json

Exit status: 0 healthy; 1 something is wrong, each with its repair.`)
    .action(async (options: { json?: boolean }) => {
      const facts = await gather(doorFile());
      const findings = examine(facts);
      if (options.json) process.stdout.write(`${JSON.stringify({ schema: 1, findings }, null, 2)}\n`);
      else {
        for (const { code, urgency, what, evidence, why, repair } of findings) {
          process.stdout.write([`${code}  ${urgency}  ${what}`, ...evidence, why, ...repair.map((words) => `run:  ${shown(words)}`)].map((line) => `${escapeControls(line)}\n`).join('  '));
        }
      }
      if (findings.length > 0) process.exitCode = 1;
    });
}
