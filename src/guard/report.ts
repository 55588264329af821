import { writeSync } from 'node:fs';
import { isTerminal } from '../runtime/is-terminal.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Policy } from '../policy/policy.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Advice, Block, Choice, Pass, Rewrite } from '../verdict/verdict.ts';
import { callOf } from '../verdict/words.ts';

/** On stderr, because programs read pm2's stdout (`jlist`). */
export function say(lines: readonly string[]): void {
  if (lines.length === 0) return;
  // One write keeps lines of two calls apart. process.stderr loads in 3 ms. A closed stderr must stop no deploy.
  try {
    writeSync(2, lines.map((line) => `${escapeControls(line)}\n`).join(''));
  } catch {
    // EBADF, EPIPE, EAGAIN
  }
}

const FOR_MACHINES = ['jlist', 'prettylist', 'pid', 'id', 'completion', 'get', 'conf'];

/** The call asked for silence: -s, --silent or PM2_SILENT. */
export function isSilent({ line, context }: Invocation): boolean {
  return line.silent || context.env['PM2_SILENT'] === 'true';
}

/** False if the call is silent, or a program reads its output. */
export function mayNotify(invocation: Invocation, { notices }: Pick<Policy, 'notices'>): boolean {
  const { command } = invocation;
  if (notices === 'none' || isSilent(invocation)) return false;
  const quiet = notices === 'terminal' || FOR_MACHINES.includes(command ?? '');
  return !quiet || isTerminal(2);
}

export function rewriteLines(
  { daemon, rule, stray, code }: Rewrite,
  invocation: Invocation,
  caller: Caller,
  policy: Policy,
): string[] {
  const why =
    rule === null && policy.default === daemon.name && code === 'PG101'
      ? byDefault(invocation)
      : `${policy.file}:${rule?.line ?? daemon.line}`;
  const place = `PM2_HOME ${daemon.pm2Home}; ${why}`;
  const lines = [
    `pm2-guard: rewritten: ${callOf(invocation)} ${manner(code)} ${daemon.user} in daemon "${daemon.name}"  (${place})`,
  ];
  if (stray)
    lines.push(
      `pm2-guard: note: ${caller.user} also has a PM2 daemon of its own (PM2_HOME ${caller.pm2Home}), which the ` +
        `config does not declare; its apps are not in this answer; to look at it: ${rootCommandLine('doctor')}`,
    );
  return lines;
}

function byDefault({ scope, starts, targets }: Invocation): string {
  const name = starts[0]?.name ?? targets[0]?.word;
  return scope === 'app' && name !== undefined ? `the default: no rule names ${name}` : 'the default';
}

function manner(code: Rewrite['code']): string {
  return code === 'PG107' ? 'is for' : 'runs as';
}

export function passLines({ report, reason }: Pass): string[] {
  switch (report) {
    case 'observed':
      return [`pm2-guard: observed: ${reason}`];
    case 'stray':
      return [
        `pm2-guard: note: passed on unchanged: ${reason}, which the config does not declare; to look at it: ` +
          rootCommandLine('doctor'),
      ];
    case null:
      return [];
  }
}

export function blockLines(verdict: Block, invocation: Invocation | null): string[] {
  const body = [
    verdict.reason,
    ...verdict.details,
    ...verdict.advice.flatMap(adviceLines),
    `details:  pm2-guard explain ${verdict.code}`,
  ];
  return [
    `pm2-guard: blocked (${verdict.code}): nothing was ${undone(invocation)}`,
    ...body.map((line) => `  ${line}`),
  ];
}

function undone(invocation: Invocation | null): string {
  switch (invocation?.command) {
    case 'kill':
      return 'killed';
    case 'stop':
      return 'stopped';
    case 'delete':
      return 'deleted';
    case undefined:
    case null:
    default:
      return 'run';
  }
}

function labelled(label: Advice['label'], lines: readonly string[]): string[] {
  return lines.map((line, at) => `${(at === 0 ? `${label}:` : '').padEnd(10)}${line}`);
}

function adviceLines(advice: Advice): string[] {
  switch (advice.label) {
    case 'run':
    case 'bypass':
      return labelled(advice.label, [commandLineHere(advice.command)]);
    case 'run all':
      return labelled(
        'run all',
        advice.commands.map(({ command }) => commandLineHere(command)),
      );
    case 'fix':
      return labelled('fix', advice.text.split('\n'));
    case 'ask':
      return labelled('ask', [
        advice.who + (advice.command === null ? '' : `, to run:  ${commandLineHere(advice.command)}`),
      ]);
    case 'choose':
      return labelled('choose', choiceLines(advice.choices));
  }
}

function choiceLines(choices: readonly Choice[]): string[] {
  const rows = choices.map(
    (choice) =>
      [
        whatIs(choice),
        choice.mustAsk === undefined
          ? choice.command === null
            ? 'not from here: the config does not allow PM2_GUARD=off'
            : commandLineHere(choice.command)
          : `ask: ${choice.mustAsk}`,
      ] as const,
  );
  const width = Math.max(...rows.map(([what]) => what.length));
  const only = rows.length === 1 ? 'if you mean ' : '';
  return rows.map(([what, command]) => `${only}${what.padEnd(width)}    ${command}`);
}

function whatIs({ what, facts, harm }: Choice): string {
  return `${what}${harm === null ? '' : ` - ${harm}`}${facts === '' ? '' : ` (${facts})`}`;
}

export function unknownVersionLines(real: InstalledPm2): string[] {
  return real.known
    ? []
    : [
        `pm2-guard: PM2 ${real.version} is newer than this pm2-guard knows; its command line is read as PM2 ` +
          `${real.major}'s`,
      ];
}
