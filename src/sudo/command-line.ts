/** sudo's command line, as sudo 1.9.13p3 (Debian 12) and its successors read it. */

/** One option, by its letter. `E` with a value is `--preserve-env=list`, without one `-E`. */
export interface SudoOption {
  letter: string;
  value: string | null;
}

/** A command that is to be run as somebody. */
export interface SudoRun {
  type: 'run';
  /** In the order typed. */
  options: SudoOption[];
  /** `-u`, as typed; null: root, or the caller where there is a group (sudo(8) -g). */
  user: string | null;
  /** `-g`, as typed. */
  group: string | null;
  /** `login`: -i, the target's shell; `own`: -s, the caller's; both get the words with -c. */
  shell: 'none' | 'login' | 'own';
  /** `-E`: the caller's whole environment. */
  keepEnvironment: boolean;
  /** Names of `--preserve-env=list`. */
  keep: string[];
  /** `VAR=value` words, in order. */
  assignments: { name: string; value: string }[];
  /** The command and its arguments, at least one word. */
  words: string[];
}

export type SudoCall =
  | SudoRun
  /** Lists, validates, edits, asks for help, is an error, or names no command: nothing of it is for us. */
  | { type: 'not ours'; why: string };

/**
 * sudo(8): these take a value. `E` takes one as `--preserve-env=list` only, `h` perhaps, `a` and `c` are BSD's and
 * refused elsewhere.
 */
const WITH_VALUE = 'CDRTUgprtu';
const WITHOUT_VALUE = 'ABEHKNPSVbeiklnsv';
/** Not running a command. */
const OTHER_MODES = 'KUVelv';

/**
 * In getopt_long(3)'s table; `host`, `auth-type` and `login-class` only so that an abbreviation of them is known for
 * one.
 */
const LONG: Record<string, string> = {
  askpass: 'A',
  'auth-type': 'a',
  background: 'b',
  bell: 'B',
  'close-from': 'C',
  'login-class': 'c',
  chdir: 'D',
  'preserve-env': 'E',
  edit: 'e',
  group: 'g',
  'set-home': 'H',
  help: 'h',
  host: 'h',
  login: 'i',
  'remove-timestamp': 'K',
  'reset-timestamp': 'k',
  list: 'l',
  'non-interactive': 'n',
  'no-update': 'N',
  'preserve-groups': 'P',
  prompt: 'p',
  chroot: 'R',
  role: 'r',
  stdin: 'S',
  shell: 's',
  type: 't',
  'command-timeout': 'T',
  'other-user': 'U',
  user: 'u',
  version: 'V',
  validate: 'v',
};

/**
 * Reads the words after `sudo` as sudo does (parse_args.c of 1.9.13): getopt_long without permutation, `VAR=value`
 * words among the options, everything from the first other word on is the command. What it does not accept is `not
 * ours`: test/sudo proves against the real sudo that what it does accept is read alike.
 */
export function parseSudo(argv: readonly string[]): SudoCall {
  const options: SudoOption[] = [];
  const assignments: SudoRun['assignments'] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (word.startsWith('-') && word !== '-') {
      const read = word.startsWith('--')
        ? readLong(word.slice(2), argv[at + 1])
        : readCluster(word.slice(1), argv[at + 1]);
      if (typeof read === 'string') return { type: 'not ours', why: read };
      options.push(...read.options);
      if (read.tookNext) at++;
      continue;
    }
    const equals = word.indexOf('=');
    if (equals < 1 || word.startsWith('/')) break;
    assignments.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
  }
  const words = argv.slice(at);
  const fault = faultOf(options) ?? (words.length === 0 ? 'no command' : null);
  if (fault !== null) return { type: 'not ours', why: fault };
  const run = runOf(options, assignments, words);
  // Whichever is typed last wins, and nobody types both.
  return assignments.some(({ name }) => run.keep.includes(name)) ? { type: 'not ours', why: 'kept and set' } : run;
}

interface Read {
  options: SudoOption[];
  /** The next word is the last option's value. */
  tookNext: boolean;
}

/** `-nu www-data`, `-nuwww-data`: the first option with a value takes the rest of the word, or the next one. */
function readCluster(letters: string, next: string | undefined): Read | string {
  const options: SudoOption[] = [];
  for (let index = 0; index < letters.length; index++) {
    const letter = letters.charAt(index);
    if (WITHOUT_VALUE.includes(letter)) {
      options.push({ letter, value: null });
      continue;
    }
    if (!WITH_VALUE.includes(letter)) return `-${letter}`; // unknown, or -h, whose value is another host
    const rest = letters.slice(index + 1);
    if (rest !== '') return { options: [...options, { letter, value: rest }], tookNext: false };
    return next === undefined
      ? `-${letter} without a value`
      : { options: [...options, { letter, value: next }], tookNext: true };
  }
  return { options, tookNext: false };
}

/** `--user=x`, `--user x`, and every abbreviation that can mean one option only. */
function readLong(typed: string, next: string | undefined): Read | string {
  const equals = typed.indexOf('=');
  const name = equals === -1 ? typed : typed.slice(0, equals);
  const value = equals === -1 ? null : typed.slice(equals + 1);
  const matching = Object.hasOwn(LONG, name) ? [name] : Object.keys(LONG).filter((long) => long.startsWith(name));
  const letter = LONG[matching[0] ?? ''];
  if (letter === undefined || matching.length > 1) return `--${name}`;
  if (letter === 'E') return { options: [{ letter, value }], tookNext: false };
  if (WITH_VALUE.includes(letter)) {
    const given = value ?? next;
    return given === undefined
      ? `--${name} without a value`
      : { options: [{ letter, value: given }], tookNext: value === null };
  }
  return WITHOUT_VALUE.includes(letter) && value === null
    ? { options: [{ letter, value }], tookNext: false }
    : `--${name}`;
}

/** Why sudo would run no command for these; null: it would. */
function faultOf(options: readonly SudoOption[]): string | null {
  const has = (letter: string) => options.some((option) => option.letter === letter);
  for (const { letter, value } of options) {
    if (OTHER_MODES.includes(letter)) return `-${letter}`;
    if (letter === 'E') {
      if (value?.includes('=') === true) return '--preserve-env with a value';
      continue;
    }
    if (value === null) continue;
    // A value that is `--` ends the VAR=value words as well (got_end_of_args of parse_args.c); nobody means that.
    if (value === '--' || (value === '' && letter !== 'p')) return `-${letter} ${value}`;
    if (letter === 'C' && !/^[1-9]\d{0,8}$/.test(value)) return `-C ${value}`;
    if (letter === 'C' && Number(value) < 3) return `-C ${value}`;
    if (options.filter((option) => option.letter === letter).length > 1) return `-${letter} twice`;
  }
  const whole = options.some(({ letter, value }) => letter === 'E' && value === null);
  if (has('i') && (has('s') || whole)) return '-i beside -s or -E';
  if (has('k') && has('N')) return '-k beside -N';
  return has('A') && has('S') ? '-A beside -S' : null;
}

function runOf(options: SudoOption[], assignments: SudoRun['assignments'], words: string[]): SudoRun {
  const has = (letter: string) => options.some((option) => option.letter === letter);
  const value = (letter: string) => options.find((option) => option.letter === letter)?.value ?? null;
  return {
    type: 'run',
    options,
    assignments,
    words,
    user: value('u'),
    group: value('g'),
    shell: has('i') ? 'login' : has('s') ? 'own' : 'none',
    keepEnvironment: options.some((option) => option.letter === 'E' && option.value === null),
    keep: options.flatMap((option) =>
      option.letter === 'E' ? (option.value?.split(',').filter((name) => name !== '') ?? []) : [],
    ),
  };
}

/**
 * What the shell of -s or -i is given behind -c: the words, each character escaped but letters, digits, `_`, `-` and
 * `$` (sudo(8) -i). So an empty word vanishes, and a dollar sign is the shell's.
 *
 * @returns null where the shell would read back other words
 */
export function shellCommand(words: readonly string[]): string | null {
  // A backslash before a newline is no newline but nothing at all (POSIX 2.2.1).
  if (words.some((word) => word === '' || /[$\n]/.test(word))) return null;
  return words.map((word) => word.replace(/[^A-Za-z0-9_-]/gu, '\\$&')).join(' ');
}
