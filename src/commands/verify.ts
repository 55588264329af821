import Table from 'cli-table3';
import { Command } from 'commander';
import pico from 'picocolors';
import { fitted } from '../terminal/columns.ts';
import { escapeControls } from '../terminal/escape.ts';
import { showsColour, widthOf, wrapped } from '../terminal/wrap.ts';
import { conclusionOf } from '../verify/conclusion.ts';
import type { WayState } from '../verify/finding.ts';
import { fold, type Fold } from '../verify/fold.ts';
import { killRunning } from '../verify/start.ts';
import { verify } from '../verify/verify.ts';

interface Options {
  user?: string[];
  strict?: boolean;
  json?: boolean;
}

/** `pm2-guard verify`: whether every path to pm2 on this host is covered. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('try every way to call pm2 on this host, and report what answers: the guard, the real pm2, or nothing')
    .option(
      '--user <user...>',
      'only the ways of these users; without it, of root, the users of the daemons and their operators',
    )
    .option('--strict', 'notes count as gaps: for a host where the real pm2 is sealed')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
For each user it starts every shell that the user has startup files for (login, interactive), the command that sshd
would start for "ssh host pm2", sudo as its rules allow it, su and runuser. It starts /bin/sh as cron, a systemd
service, at, "docker exec" (in a container) and "env -i" would. It tries each line of a crontab and each service that
calls pm2, with the PATH that is set for it. It also looks for every pm2 that could be called by its path.
Each is first asked which pm2 it finds. Only pm2-guard's shim is then run, with an app name that must be blocked. The
real pm2 is never run, nothing is written, no daemon is started; sudo and su log that they were used. Startup files run
as their user, for at most 10 s. Without root: only the caller's own ways.

  covered  the guard answered: it blocked that very call
  gap      another pm2 answers, or none is found where users would expect one
  note     no PATH can cover it: a real pm2 that must be called by its path, or by npx in an app that has its own;
           also a way that finds no pm2 and is not in use. sudo pm2-guard seal covers the paths
  unknown  it could not be told, with the reason

Examples:
  sudo pm2-guard verify
  sudo pm2-guard verify --user deploy www-data
  sudo pm2-guard verify --json | jq -r '.ways[] | select(.state == "gap") | [.way, .user, .path] | @tsv'

JSON: { version, result: "covered" | "gaps" | "cannot tell", conclusion, ways: [{ way, user, target: the user that it
becomes or null, state, answers: "guard" | "pm2" | "other" | "nothing" | null, path, version, why, cures: [commands] }],
left: [what was not looked at], remarks: [what the guard leaves alone by its config] }
Exit status: 0 covered (notes do not count without --strict); 1 gaps; 2 no gap is known, but something could not be
told.`,
    )
    .action(async ({ user, strict, json }: Options) => {
      endTidily();
      const progress = process.stderr.isTTY
        ? (done: number, all: number, what: string) =>
            process.stderr.write(`\r\u001b[K${done} of ${all}  ${escapeControls(what)}`)
        : () => undefined;
      const { version, findings, left, remarks } = await verify({ users: user ?? null, progress }).finally(() => {
        if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      });
      const { result, exitStatus, text } = conclusionOf(findings, strict === true);
      process.exitCode = exitStatus;
      if (json)
        process.stdout.write(
          `${JSON.stringify({ version, result, conclusion: text, ways: findings, left, remarks }, null, 2)}\n`,
        );
      else {
        const lines = [
          ...overview(fold(findings)),
          ...details(fold(findings)),
          ...left.map((line) => `not looked at: ${escapeControls(line)}`),
          ...remarks.flatMap((remark) => `remark: ${remark}`.split('\n')).map(escapeControls),
          text,
        ];
        process.stdout.write(wrapped(`${lines.join('\n')}\n`, widthOf(process.stdout)));
      }
    });
}

/** A signal also ends the child processes that it started. */
function endTidily(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killRunning();
      process.kill(process.pid, signal);
    });
  }
}

const ORDER: WayState[] = ['covered', 'note', 'unknown', 'gap']; // the most important lines are next to the prompt

function overview(folds: readonly Fold[]): string[] {
  const rows = ORDER.flatMap((state) => folds.filter((one) => one.state === state)).map((one) =>
    [one.state, one.way, one.users.join(', '), whoAnswers(one)].map(escapeControls),
  );
  if (process.stdout.isTTY) return [asTable(rows), ''];
  const width = (column: number): number => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const [ways, users] = [width(1), width(2)];
  return [
    ...rows.map(
      ([state = '', way = '', who = '', answers = '']) =>
        `${state.padEnd('covered'.length)}  ${way.padEnd(ways)}  ${who.padEnd(users)}  ${answers}`,
    ),
    '',
  ];
}

function asTable(rows: readonly string[][]): string {
  const { bold, green, red, yellow, cyan } = pico.createColors(showsColour(process.stdout));
  const paint: Record<string, (text: string) => string> = { covered: green, gap: red, note: cyan, unknown: yellow };
  const [head = [], ...body] = fitted([['', 'way', 'user', 'answers'], ...rows], widthOf(process.stdout) ?? 80);
  const table = new Table({ head: head.map(bold), style: { head: [], border: [], compact: true } });
  for (const [state = '', ...rest] of body) table.push([paint[state]?.(state) ?? state, ...rest]);
  return table.toString();
}

function whoAnswers({ answers, path, version }: Fold): string {
  switch (answers) {
    case 'guard':
      return 'guard';
    case 'pm2':
      return `pm2 ${version ?? ''} at ${path ?? ''}`;
    case 'other':
      return `${path ?? ''}, which is neither`;
    case 'nothing':
      return 'nothing';
    case null:
      return '?';
  }
}

/** Why each is not covered, and what to type. */
function details(folds: readonly Fold[]): string[] {
  return ORDER.slice(1)
    .flatMap((state) => folds.filter((one) => one.state === state))
    .flatMap(({ state, way, users, why, cures }) =>
      [
        `${state}: ${way} (${users.join(', ')}): ${why ?? ''}`,
        ...cures.map((cure, at) => `  ${at === 0 ? 'run' : ' or'}:  ${cure}`),
        '',
      ].map(escapeControls),
    );
}
