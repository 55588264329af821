import { basename } from 'node:path';
import { realpathOrNull } from '../../runtime/peek.ts';
import { readRegularFile, UnreadableFile } from '../../trust/read.ts';
import { mentionsPm2 } from './runner.ts';

/** Packages' own programs, which call no pm2. */
const PACKAGED = /^\/(usr\/)?(s?bin|lib|libexec)\//;
/** No scripts. Root may not read some of them (/proc/sys/vm/drop_caches), and a read changes others (/proc/kmsg). */
const OF_KERNEL = /^\/(proc|sys|dev)\//;
const SHELLS = ['sh', 'bash', 'dash'];
const MAX_BYTES = 1 << 16;
/** Of one line. A user's crontab can name any number. */
const MOST_PATHS = 8;

const SHELL = '(?:(?:/(?:usr/)?bin/)?(?:sh|bash|dash)\\s+(?:-\\w+\\s+)*)?';
/**
 * Paths at the beginning of a word that no redirection writes to, with the shell in front of one. It looks back over
 * blanks only where such a word begins: a line can hold a million of them.
 */
const COMMANDS = new RegExp(
  `(?<=^|[\\s"';&|(])(?=[/sbd])(?<!>[>|&]?\\s*)${SHELL}(/[^\\s"';&|()<>]+)`,
  'g',
);

/** Why it is not known what a script starts. */
export type UnknownScript = 'calls pm2' | 'cannot be read';

/** The script that ExecStart= runs, if it calls pm2. It is not followed. */
export function scriptWithPm2([program = '', ...words]: readonly string[]): string | null {
  const isShell = SHELLS.includes(basename(program));
  const script = isShell ? (words.find((word) => !word.startsWith('-')) ?? '') : program;
  return script.startsWith('/') && lookInto(script, isShell) === 'calls pm2' ? script : null;
}

/** In words: the first script in a shell's command line that calls pm2, or that this process may not read. */
export function scriptInLine(line: string): string | null {
  const paths = [...line.matchAll(COMMANDS)];
  for (const [whole, path = ''] of paths.slice(0, MOST_PATHS)) {
    const unknown = lookInto(path, whole !== path);
    if (unknown !== null) return `its script ${unknown}: ${path}`;
  }
  return null;
}

/** @param isShell a shell reads it, so it needs no `#!` */
function lookInto(script: string, isShell: boolean): UnknownScript | null {
  const file = realpathOrNull(script) ?? script;
  if (PACKAGED.test(script) || OF_KERNEL.test(file)) return null;
  try {
    const text = readRegularFile(file, MAX_BYTES).toString('latin1');
    return (isShell || text.startsWith('#!')) && mentionsPm2(text) ? 'calls pm2' : null;
  } catch (error) {
    return error instanceof UnreadableFile && error.kind === 'unreadable' ? 'cannot be read' : null;
  }
}
