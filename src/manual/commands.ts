import type { Command, Option } from 'commander';
import { bold, example, italic, literal, macro, paragraph, prose, tagged } from './roff.ts';

/** A command's synopsis, description, options and further help. */
export function commandSection(command: Command): string[] {
  const help = command.createHelp();
  return [
    macro('SS', synopsisOf(command)),
    ...paragraph(prose(sentence(command.description()))),
    ...help.visibleOptions(command).flatMap(optionEntry),
    ...help
      .visibleArguments(command)
      .filter(({ description }) => description !== '')
      .flatMap((argument) => tagged(italic(literal(argument.name())), prose(sentence(argument.description)))),
    ...furtherHelp(command),
  ];
}

/** `pm2-guard check [options] [file]`, with placeholders in italics. */
export function synopsisOf(command: Command): string {
  const names = command.parent === null ? [command.name()] : [command.parent.name(), command.name()];
  const places = command
    .usage()
    .split(' ')
    .map((word) => word.replace(/[\w-]+/, (name) => italic(literal(name))));
  return [bold(literal(names.join(' '))), ...places].join(' ');
}

function optionEntry(option: Option): string[] {
  const flags = option.flags.split(', ').map((flag) => {
    const [name = '', place] = flag.split(' ');
    return place === undefined
      ? bold(literal(name))
      : `${bold(literal(name))} ${place.replace(/[\w-]+/, (word) => italic(literal(word)))}`;
  });
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.join(', ')}`;
  const standard =
    option.defaultValue === undefined || option.defaultValue === false
      ? ''
      : `; default: ${option.defaultValueDescription ?? String(option.defaultValue)}`;
  return tagged(flags.join(', '), prose(sentence(`${option.description}${choices}${standard}`)));
}

/**
 * The text that addHelpText put after the options. In it, an indented line is a command to type, `Examples:` and
 * `Exit status:` start a part, and the rest is prose.
 */
export function furtherHelp(command: Command): string[] {
  const parts: { typed: boolean; lines: string[] }[] = [];
  for (const text of helpAfter(command).split('\n')) {
    const typed = text.startsWith('  ');
    const last = parts.at(-1);
    if (text === '') parts.push({ typed: false, lines: [] });
    else if (last?.typed !== typed || text.startsWith('Exit status:')) parts.push({ typed, lines: [text] });
    else last.lines.push(text);
  }
  return parts
    .filter(({ lines }) => lines.length > 0)
    .flatMap(({ typed, lines }) =>
      typed
        ? example(lines.map((text) => text.slice(2)))
        : paragraph(
            lines
              .map(prose)
              .join('\n')
              .replace(/^(Examples|Exit status):/, bold('$1:')),
          ),
    );
}

/** commander keeps it only as a listener, so the help is printed and cut. */
function helpAfter(command: Command): string {
  let printed = '';
  command.configureOutput({
    writeOut: (text) => {
      printed += text;
    },
  });
  command.outputHelp();
  return printed.slice(command.helpInformation().length);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
