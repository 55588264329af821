import { Command, Option } from 'commander';
import { recordWayToRoot } from '../install/way-to-root.ts';
import { OPERATORS_FILE, type DropIn } from '../sudoers/drop-in.ts';
import { sudoersState, writeCommand, type SudoersState } from '../sudoers/file.ts';
import { ruleOf } from '../sudoers/grants.ts';
import { renewStrangers } from '../sudoers/renew-strangers.ts';
import { requireDropIn } from '../sudoers/wanted.ts';
import { writeDropIn } from '../sudoers/write.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import { UserError } from '../terminal/user-error.ts';
import { exclusively } from './changes.ts';

interface Options {
  write?: boolean;
  check?: boolean;
  json?: boolean;
}

/** `pm2-guard sudoers`: the rights of the config's operators, in sudoers(5) syntax. */
export function sudoersCommand(): Command {
  return new Command('sudoers')
    .description("the sudo rules that let the config's operators run pm2 as the users of the daemons, and nothing else")
    .option('--write', `put them to ${OPERATORS_FILE}, checked with visudo; run as root`)
    .addOption(new Option('--check', 'only tell whether that file is what the config asks for').conflicts('write'))
    .option('--json', 'one object for scripts')
    .addHelpText(
      'after',
      `
Examples:
  pm2-guard sudoers                     shows the rules
  sudo pm2-guard sudoers --write        puts them in force, after each change of the operators
  sudo pm2-guard sudoers --check || sudo pm2-guard sudoers --write

A user or group that does not exist gets no rule. Without any operator, --write removes the file; so does uninstall.
Exit status: 0 shown, written, or as the config asks; 1 not done (nothing is changed then), or with --check: not as the
config asks, or only root can tell; 78 the config cannot be used.`,
    )
    .action(async ({ write, check, json }: Options) => {
      const { wanted, outcome } = await exclusively(write !== true, async () => {
        const dropIn = requireDropIn();
        const written = write ? writeDropIn(dropIn) : null;
        if (write) await Promise.all([renewStrangers(dropIn.owners), recordWayToRoot()]);
        return { wanted: dropIn, outcome: written };
      });
      const state = sudoersState(wanted);
      if (check && !['matches', 'not needed'].includes(state.state)) process.exitCode = 1;
      if (json) process.stdout.write(`${JSON.stringify(asObject(wanted, state, outcome), null, 2)}\n`);
      else if (check) sayState(wanted, state);
      else if (outcome === null) process.stdout.write(wanted.text);
      else {
        const lines = [`${outcome}  ${OPERATORS_FILE}`, ...rules(wanted).map((line) => `  ${line}`)];
        process.stdout.write(`${lines.map(escapeControls).join('\n')}\n`);
      }
      if (!json && !check)
        process.stderr.write(wanted.notes.map((note) => `pm2-guard: ${escapeControls(note)}\n`).join(''));
    });
}

function rules({ grants }: DropIn): string[] {
  return grants.map(ruleOf).filter((line) => line !== null);
}

function asObject(wanted: DropIn, state: SudoersState, outcome: string | null): object {
  const grants = wanted.grants.map((grant) => ({
    user: grant.user,
    root: grant.root,
    daemons: grant.daemons,
    operators: grant.operators.map(({ name }) => name),
    rule: ruleOf(grant),
  }));
  return {
    file: OPERATORS_FILE,
    config: wanted.config,
    outcome,
    ...state,
    grants,
    notes: wanted.notes,
    text: wanted.text,
  };
}

function sayState({ config }: DropIn, state: SudoersState): void {
  switch (state.state) {
    case 'matches':
      process.stdout.write(`${OPERATORS_FILE} is what ${config} asks for\n`);
      return;
    case 'not needed':
      process.stdout.write(`${OPERATORS_FILE} is not there, and ${config} names no operators\n`);
      return;
    case 'missing':
      throw new UserError(`${OPERATORS_FILE} is not there, and the config names operators`, writeCommand());
    case 'differs':
      throw new UserError(`${OPERATORS_FILE} ${state.why}`, writeCommand());
    case 'hidden':
      throw new UserError(`only root can read ${OPERATORS_FILE}`, rootCommandLine('sudoers', '--check'));
  }
}
