/** sudo's command line, as sudo 1.9.13p3 (Debian 12) and later read it. */

/** `E` with a value is `--preserve-env=list`, without one `-E`. */
export interface SudoOption {
  letter: string;
  value: string | null;
}

export interface SudoRun {
  type: 'run';
  options: SudoOption[];
  /** `-u` as typed; null: root, or the caller if -g is given (sudo(8)). */
  user: string | null;
  group: string | null;
  /** `login`: -i; `own`: -s. The shell gets the words with -c. */
  shell: 'none' | 'login' | 'own';
  keepEnvironment: boolean;
  keep: string[];
  assignments: { name: string; value: string }[];
  words: string[];
}

export type SudoCall =
  | SudoRun
  /** Runs no command, or is an error. */
  | { type: 'not ours'; why: string };

/** From sudo(8). `E` has a value only as `--preserve-env=list`, `h` optionally; `a` and `c` are BSD only. */
const WITH_VALUE = 'CDRTUgprtu';
const WITHOUT_VALUE = 'ABEHKNPSVbeiklnsv';
/** Modes that run no command. */
const OTHER_MODES = 'KUVelv';

/** As in sudo's getopt_long(3) table. `host`, `auth-type`, `login-class` only make abbreviations ambiguous. */
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
 * Reads the arguments after `sudo` like parse_args.c of 1.9.13: getopt_long without permutation, `VAR=value` between
 * options; the rest is the command. test/sudo compares it with the real sudo.
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
  // sudo uses the one typed last. Such calls are rare and stay as typed.
  return assignments.some(({ name }) => run.keep.includes(name)) ? { type: 'not ours', why: 'kept and set' } : run;
}

interface Read {
  options: SudoOption[];
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
    if (!WITH_VALUE.includes(letter)) return `-${letter}`; // unknown, or -h for a remote host
    const rest = letters.slice(index + 1);
    if (rest !== '') return { options: [...options, { letter, value: rest }], tookNext: false };
    return next === undefined
      ? `-${letter} without a value`
      : { options: [...options, { letter, value: next }], tookNext: true };
  }
  return { options, tookNext: false };
}

/** Accepts unambiguous abbreviations. */
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

function faultOf(options: readonly SudoOption[]): string | null {
  const has = (letter: string) => options.some((option) => option.letter === letter);
  for (const { letter, value } of options) {
    if (OTHER_MODES.includes(letter)) return `-${letter}`;
    if (letter === 'E') {
      if (value?.includes('=') === true) return '--preserve-env with a value';
      continue;
    }
    if (value === null) continue;
    // In sudo, a value `--` also ends the VAR=value words (got_end_of_args of parse_args.c).
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

/** For -s and -i, escaped as in sudo(8) -i. Null: the shell would read other arguments (an empty one, or `$`). */
export function shellCommand(words: readonly string[]): string | null {
  // A backslash before a newline removes both (POSIX 2.2.1).
  if (words.some((word) => word === '' || /[$\n]/.test(word))) return null;
  return words.map((word) => word.replace(/[^A-Za-z0-9_-]/gu, '\\$&')).join(' ');
}
