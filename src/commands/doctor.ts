import { Command, InvalidArgumentError, Option } from 'commander';
import { examine } from '../doctor/doctor.ts';
import { gatherDoctorFacts } from '../doctor/guard-facts.ts';
import { answerLines, whoOwns, type OwnerQuestion } from '../doctor/owner.ts';
import { prometheusText } from '../doctor/prometheus.ts';
import { reportOf } from '../doctor/report.ts';
import { reportText } from '../doctor/text.ts';
import { gatherLiving, type LivingFacts } from '../host/facts.ts';
import type { Pid } from '../runtime/brands.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import { showsColour, widthOf, wrapped } from '../terminal/wrap.ts';
import { UserError } from '../terminal/user-error.ts';
import { fixAll, type FixOptions } from './doctor-fix.ts';

interface Options {
  json?: boolean;
  prometheus?: boolean;
  port?: number;
  pid?: Pid;
  app?: string;
}

const HEALTHY = 0;
const FOUND = 1;
const COULD_NOT_LOOK = 2;

/** `pm2-guard doctor`: which daemon owns which app on this host, and what is wrong. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('which daemon owns what on this host, and what is wrong: seen from the kernel, never by running pm2')
    .addOption(
      new Option('--port <number>', 'which daemon owns what listens on this TCP port')
        .argParser(wholeNumber)
        .conflicts(['pid', 'app', 'prometheus']),
    )
    .addOption(
      new Option('--pid <number>', 'which daemon owns this process')
        .argParser(wholeNumber)
        .conflicts(['app', 'prometheus']),
    )
    .addOption(new Option('--app <app>', 'which daemons have this app, or this namespace').conflicts(['prometheus']))
    .addOption(
      new Option('--prometheus', 'metrics for the textfile collector of the node exporter').conflicts(['json']),
    )
    .option('--json', 'one object for scripts, with "schema": 1; docs/json.md lists its fields')
    .addOption(
      new Option(
        '--fix',
        'repair what is safe and can be taken back: owners, modes, dead sockets and pid files; asks first',
      ).conflicts(['port', 'pid', 'app', 'prometheus']),
    )
    .option('-n, --dry-run', 'with --fix: only show what would be done')
    .option('-y, --yes', 'with --fix: do not ask')
    .addHelpText(
      'after',
      `
Examples:
  sudo pm2-guard doctor
  sudo pm2-guard doctor --json | jq -r '.findings[] | [.code, .urgency, .what] | @tsv'
  sudo pm2-guard doctor --port 3000
  sudo pm2-guard doctor --pid 4711 --json
  sudo pm2-guard doctor --app myapp
  sudo pm2-guard doctor --fix --dry-run
  sudo pm2-guard doctor --fix
  sudo sh -c 'pm2-guard doctor --prometheus > /run/pm2.prom && mv /run/pm2.prom /var/lib/prometheus/node-exporter/'

What scripts, crontabs and hooks would do, it does not read: sudo pm2-guard lint --host
Without --fix it starts nothing and changes nothing. Without root it sees its caller's daemons only, and says so.
Exit status: 0 healthy; 1 something is wrong, each with its repair; 2 nothing was found, but not everything could be
looked at.
With --port, --pid and --app: 0 a daemon owns it; 1 none does; 2 that could not be told.
With --prometheus: 0; 2 not everything could be looked at.
With --fix: 0 nothing is wrong any more; 1 something is left for adopt or for you; 2 nothing was begun. It does only
what the owner of a PM2_HOME could do, and gives the owner the files that root left there. It touches nothing where a
daemon does not answer.`,
    )
    .action(async (options: Options & FixOptions & { fix?: boolean }) => {
      if (options.fix) {
        await fixAll(options);
        return;
      }
      if (options.dryRun || options.yes)
        throw new UserError(
          '--dry-run and --yes are for --fix',
          rootCommandLine('doctor', '--fix', '--dry-run'),
          COULD_NOT_LOOK,
        );
      const question = questionOf(options);
      if (question !== null) await answer(question, options);
      else await diagnose(options);
    });
}

function questionOf({ port, pid, app }: Options): OwnerQuestion | null {
  if (port !== undefined) return { port };
  if (pid !== undefined) return { pid };
  return app === undefined ? null : { app };
}

async function answer(question: OwnerQuestion, { json }: Options): Promise<void> {
  const facts = requireProcesses(await patiently(gatherLiving()));
  const found = whoOwns(question, facts);
  process.stdout.write(
    json
      ? `${JSON.stringify({ schema: 1, ...found, unseen: facts.unseen }, null, 2)}\n`
      : lines(answerLines(found).map(escapeControls)),
  );
  const hidden =
    found.owners.length === 0 && facts.unseen.length > 0 && (found.others.length > 0 || found.note !== null);
  if (!json) warn(hidden ? facts.unseen : []);
  process.exitCode = found.owners.length > 0 ? HEALTHY : hidden ? COULD_NOT_LOOK : FOUND;
}

async function diagnose({ json, prometheus }: Options): Promise<void> {
  const facts = requireProcesses(await patiently(gatherDoctorFacts()));
  const report = reportOf(facts, examine(facts));
  if (prometheus) {
    // A user of `personal` may let the daemon end.
    const expected = (facts.policy?.daemons ?? []).filter(({ personal }) => personal !== true);
    process.stdout.write(prometheusText(report, expected));
    process.exitCode = facts.unseen.length > 0 ? COULD_NOT_LOOK : HEALTHY;
    return;
  }
  process.stdout.write(
    json
      ? `${JSON.stringify(report, null, 2)}\n`
      : lines(reportText(report, facts, { width: widthOf(process.stdout), colour: showsColour(process.stdout) })),
  );
  if (!json) warn(facts.unseen);
  process.exitCode = report.findings.length > 0 ? FOUND : report.healthy ? HEALTHY : COULD_NOT_LOOK;
}

/** Without /proc nothing is known, so the host must not be called healthy. */
function requireProcesses<Facts extends { processes: LivingFacts['processes'] }>(facts: Facts): Facts {
  if (facts.processes.byPid.size === 0)
    throw new UserError('this system has no /proc to look into, or it is closed', null, COULD_NOT_LOOK);
  return facts;
}

function warn(sentences: readonly string[]): void {
  for (const sentence of sentences) process.stderr.write(`pm2-guard: not seen: ${escapeControls(sentence)}\n`);
}

function lines(texts: readonly string[]): string {
  return wrapped(`${texts.join('\n')}\n`, widthOf(process.stdout));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('A number from 1 on is expected.');
  return Number(text);
}

/** A silent daemon causes a wait, so a user at a terminal gets a message. */
async function patiently<Facts>(gathered: Promise<Facts>): Promise<Facts> {
  if (!process.stderr.isTTY) return gathered;
  const timer = setTimeout(() => process.stderr.write('waiting for daemons that do not answer...'), 1000);
  return gathered.finally(() => {
    clearTimeout(timer);
    process.stderr.write('\r\u001b[K');
  });
}
