import { Command } from 'commander';
import { sealInWords } from '../seal/seals.ts';
import { stateInWords } from '../sudoers/file.ts';
import type { LayerStatus } from '../install/layers/status.ts';
import type { PreparedState } from '../install/prepared.ts';
import { status, type Status } from '../install/status.ts';
import { switchingInWords } from '../install/switching.ts';
import type { PathProbe } from '../install/ways.ts';
import { escapeControls } from '../terminal/escape.ts';
import { showsColour, widthOf, wrapped } from '../terminal/wrap.ts';
import pico from 'picocolors';
import { problemLines } from './changes.ts';

/** `pm2-guard status`: whether the guard is in force, and for which users. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what is installed, which config holds, which daemons live, and where pm2 leads to the guard')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  pm2-guard status
  sudo pm2-guard status --json

Exit status: 0 all is well; 1 something is wrong, it is named at the end (in JSON: problems).`,
    )
    .action(async (options: { json?: boolean }) => {
      const found = await status();
      process.stdout.write(
        options.json ? `${JSON.stringify(found, null, 2)}\n` : wrapped(inWords(found), widthOf(process.stdout)),
      );
      if (found.problems.length > 0) process.exitCode = 1;
    });
}

function inWords({
  version,
  installed,
  packages,
  pm2,
  node,
  switching,
  config,
  compiled,
  daemons,
  ways,
  layers,
  seals,
  prepared,
  sudoers,
  proposals,
  problems,
}: Status): string {
  const rights = sudoers === null ? null : stateInWords(sudoers);
  const paint = painter();
  const rows: [string, string, Tone?][] = [
    ['pm2-guard', installed === null ? `${version}, not installed` : installed, installed === null ? 'bad' : null],
    ...packages.map(({ manager, directory, version: packed }): [string, string] => [
      'package',
      `${directory}  (${manager}, ${packed})`,
    ]),
    ['real pm2', pm2 === null ? 'none' : `${pm2.path}  (${pm2.version})`, pm2 === null ? 'bad' : null],
    ['node', node ?? 'none recorded'],
    ...(switching === null ? [] : [['user switch', switchingInWords(switching)] as [string, string]]),
    ['config', `${config.file ?? 'none'}  (${config.state})`, CONFIG[config.state]],
    [
      'compiled',
      compiled === null
        ? "not yet; root's next call makes it"
        : `${compiled.made}  (${compiled.fresh ? 'fresh' : "older than the config; root's next call renews it"})`,
    ],
    ...daemons.map(({ name, user, home: pm2Home, socket }): [string, string, Tone] => [
      'daemon',
      `${name}: ${user} in ${pm2Home}  (${socket === 'foreign' ? "another user's socket" : socket})`,
      SOCKET[socket],
    ]),
    ...ways.map((way): [string, string, Tone] => [way.way, leadsTo(way), way.finds ? WAY[way.finds.type] : null]),
    ...layers.map((layer): [string, string, Tone] => ['layer', inOneLine(layer), LAYER[layer.state]]),
    ...seals.map((one): [string, string] => ['seal', `${one.package}  (${sealInWords(one)})`]),
    ...prepared.map((one): [string, string, Tone] => [
      'start',
      `${one.pm2Package} by ${one.node}  (${startInWords(one)})`,
      START[one.state],
    ]),
    ...(rights === null ? [] : [['operators', rights] as [string, string]]),
  ];
  const proposed = proposals.flatMap(({ way, text, into }) => [
    '',
    `${way}: ${into === null ? `run:  ${text}` : `is covered by this in ${into}`}`,
    ...(into === null ? [] : text.split('\n').map((line) => `  ${line}`)),
  ]);
  return [
    ...rows.map(([name, value, tone]) => `${name.padEnd(13)}${paint(escapeControls(value), tone ?? null)}`),
    ...proposed,
    ...problemLines(problems).map((line) => paint(line, 'bad')),
    '',
  ].join('\n');
}

/** The colour of a line: good, to be repaired, or to be checked. */
type Tone = 'good' | 'bad' | 'open' | null;

const SOCKET: Record<Status['daemons'][number]['socket'], Tone> = {
  live: 'good',
  foreign: 'bad',
  down: 'bad',
  denied: 'open',
  silent: 'bad',
};
const CONFIG: Record<Status['config']['state'], Tone> = { valid: 'good', 'last good': 'open', unusable: 'bad' };
const LAYER: Record<LayerStatus['state'], Tone> = {
  'in place': 'good',
  missing: 'bad',
  'left out': null,
  'not used': null,
  'in the way': 'bad',
  hidden: 'open',
};
const START: Record<PreparedState['state'], Tone> = { ready: 'good', stale: 'open', missing: 'open', none: null };
const WAY: Record<NonNullable<PathProbe['finds']>['type'], Tone> = {
  shim: 'good',
  door: 'good',
  other: 'bad',
  none: 'open',
};

function painter(): (text: string, tone: Tone) => string {
  const { green, red, yellow } = pico.createColors(showsColour(process.stdout));
  const colours = { good: green, bad: red, open: yellow };
  return (text, tone) => (tone === null ? text : colours[tone](text));
}

function startInWords({ state, why }: PreparedState): string {
  switch (state) {
    case 'ready':
      return 'prepared';
    case 'stale':
      return "changed since it was prepared; root's next call, or install, renews it";
    case 'missing':
      return "not prepared; root's next call, or install, does it";
    case 'none':
      return `cannot be prepared: ${why ?? ''}`;
  }
}

function inOneLine({ name, place, state, note }: LayerStatus): string {
  return `${name.padEnd(12)}${state}  (${place}${note === null || state === 'in place' ? '' : `: ${note}`})`;
}

function leadsTo({ finds, note }: PathProbe): string {
  switch (finds?.type) {
    case undefined:
      return note ?? '';
    case 'shim':
      return `guarded  (${finds.path})`;
    case 'door':
      return `guarded  (${finds.path}, sealed)`;
    case 'other':
      return `NOT guarded: ${finds.path} comes first`;
    case 'none':
      return 'finds no pm2';
  }
}
