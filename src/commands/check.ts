import { Command } from 'commander';
import { resolve } from 'node:path';
import { isRootBySudo } from '../identity/caller.ts';
import { recordWayToRoot } from '../install/way-to-root.ts';
import { checkConfigFile, type CheckedDaemon, type ConfigCheck } from '../policy/check.ts';
import { formatConfigError } from '../policy/config-error.ts';
import type { Unmakeable } from '../policy/unmakeable.ts';
import { asPosix } from '../runtime/brands.ts';
import { stateInWords, sudoersState, type SudoersState } from '../sudoers/file.ts';
import { renewStrangers } from '../sudoers/renew-strangers.ts';
import { wantedDropIn } from '../sudoers/wanted.ts';
import { escapeControls } from '../terminal/escape.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { EX_CONFIG } from '../terminal/user-error.ts';

/** `pm2-guard check`: whether the config is valid, and whether it is in use. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'whether the config can be used: who may write it, what it says, and whether that makes sense on this host',
    )
    .argument('[file]', 'a config; without it, the one that holds')
    .option('--draft', 'do not ask who may write the file: for one that is not installed yet')
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  pm2-guard check
  pm2-guard check --draft ./config.yaml && sudo install -m 0644 ./config.yaml /etc/pm2-guard/config.yaml
  pm2-guard check --json | jq -r '.errors[].message'

Exit status: 0 it can be used; 78 it cannot: each error is shown with its place.`,
    )
    .action(async (file: string | undefined, options: { draft?: boolean; json?: boolean }) => {
      const euid = asPosix(process).geteuid();
      const caller = { env: process.env, euid, rootBySudo: isRootBySudo(euid, process.env) };
      const check = checkConfigFile(file === undefined ? null : resolve(file), caller, options.draft ?? false);
      // Rights come only from a config in one of the system-wide places.
      const rights = check.valid && check.compiled !== null ? wantedDropIn() : null;
      const sudoers = rights?.type === 'drop-in' ? sudoersState(rights.wanted) : null;
      if (file === undefined && rights?.type === 'drop-in') await renewStrangers(rights.wanted.owners);
      if (file === undefined) await recordWayToRoot();
      if (!check.valid) process.exitCode = EX_CONFIG;
      if (options.json) process.stdout.write(`${JSON.stringify({ ...check, onError: undefined, sudoers }, null, 2)}\n`);
      else if (check.valid) process.stdout.write(summary(check, sudoers));
      else process.stderr.write(complaint(check));
    });
}

function summary(check: ConfigCheck, sudoers: SudoersState | null): string {
  const rights = sudoers === null ? null : stateInWords(sudoers);
  const { file, daemons, notes, unmakeable } = check;
  const width = (value: (daemon: CheckedDaemon) => string): number =>
    Math.max(...daemons.map((daemon) => value(daemon).length));
  const [names, users, widthOfPm2Home] = [
    width(({ name }) => name),
    width(({ user }) => user),
    width(({ home: pm2Home }) => pm2Home),
  ];
  return [
    `${file} is valid: ${count(daemons.length, 'daemon')}, ` +
      (check.default === null ? 'no default' : `default ${check.default}`),
    ...daemons.map(
      (daemon) =>
        `  ${daemon.name.padEnd(names)}  ${daemon.user.padEnd(users)}  ${daemon.home.padEnd(widthOfPm2Home)}  ` +
        `${daemon.mode.padEnd('observe'.length)}  ${rules(daemon)}`,
    ),
    ...notes.map((note) => `note: ${note}`),
    ...unmakeable.flatMap(unmakeableInWords),
    ...keptInWords(check),
    ...(rights === null ? [] : [rights]),
    '',
  ]
    .map(escapeControls)
    .join('\n');
}

function rules({ names, globs, paths }: CheckedDaemon): string {
  return (
    [names > 0 && count(names, 'name'), globs > 0 && count(globs, 'glob'), paths > 0 && count(paths, 'path')]
      .filter(Boolean)
      .join(', ') || 'nothing of its own'
  );
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function complaint({ errors, compiled, onError }: ConfigCheck): string {
  const fate =
    onError === 'open'
      ? 'no call of pm2 is stopped (on_error: open)'
      : 'every call of pm2 ends with status 78 (on_error: closed)';
  const holds =
    compiled === null
      ? []
      : compiled.state === 'none'
        ? [`pm2-guard: there is no last good policy: until this is repaired, ${fate}`]
        : [`pm2-guard: until this is repaired, the last good policy holds, made ${compiled.made}`];
  return `${[...errors.map(formatConfigError), ...holds].join('\n')}\n`;
}

function keptInWords({ compiled }: ConfigCheck): string[] {
  switch (compiled?.state) {
    case undefined:
      return [];
    case 'fresh':
    case 'stale':
    case 'none':
      return ['it is in force: the next call of pm2 uses it'];
  }
}

/** Shared by `install` and `check`. */
export function unmakeableInWords({ daemon, user, pm2Home, why, fix }: Unmakeable): string[] {
  return [
    `warning: daemon "${daemon}" cannot start: ${user} cannot make its PM2_HOME ${pm2Home}, for ${why}`,
    ...(fix.length === 0 ? [] : [`  fix:  ${fix.map(commandLineHere).join(' && ')}`]),
  ];
}
