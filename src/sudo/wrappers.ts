/** Programs that run another program with the words that follow, and what they make of its environment. */

/** How a wrapper passes on to the command behind it. */
export interface Passage {
  /** Words of the wrapper itself: its options and operands. */
  own: number;
  /** In the order in which they take effect; `null`: taken away. `cleared`: nothing else of the environment is left. */
  sets: { name: string; value: string | null }[];
  cleared: boolean;
}

/** Options by their spelling: 0 takes no value, 1 takes the next word or what is attached. */
type Options = Record<string, 0 | 1>;

interface Wrapper {
  options: Options;
  /** Words between the options and the command. */
  operands: number;
  /** One letter, which may be attached to its value (`-n5`). */
  numeric?: true;
}

/**
 * coreutils 9.1 and util-linux 2.38 (env(1), nice(1) ...). An option that is not here means that the call is left
 * alone.
 */
const WRAPPERS: Record<string, Wrapper> = {
  nice: { options: { '-n': 1, '--adjustment': 1 }, operands: 0, numeric: true },
  nohup: { options: {}, operands: 0 },
  timeout: {
    options: {
      '-s': 1,
      '--signal': 1,
      '-k': 1,
      '--kill-after': 1,
      '--foreground': 0,
      '--preserve-status': 0,
      '-v': 0,
      '--verbose': 0,
    },
    operands: 1,
  },
  stdbuf: { options: { '-i': 1, '--input': 1, '-o': 1, '--output': 1, '-e': 1, '--error': 1 }, operands: 0 },
  ionice: { options: { '-c': 1, '--class': 1, '-n': 1, '--classdata': 1, '-t': 0, '--ignore': 0 }, operands: 0 },
  setsid: { options: { '-c': 0, '--ctty': 0, '-f': 0, '--fork': 0, '-w': 0, '--wait': 0 }, operands: 0 },
};

/** The program's name, where it is the system's own and not somebody's file of that name. */
export function systemProgram(word: string): string | null {
  const [, name] = /^(?:\/usr\/bin\/|\/bin\/)?([a-z]+)$/.exec(word) ?? [];
  return name ?? null;
}

/**
 * What stands before the command in `words`, the words after the wrapper's name.
 *
 * @returns null where it is no wrapper, or anything about it is not understood
 */
export function passageOf(name: string, words: readonly string[]): Passage | null {
  if (name === 'env') return throughEnv(words);
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper === undefined) return null;
  const options = optionsIn(words, wrapper);
  return options === null ? null : { own: options + wrapper.operands, sets: [], cleared: false };
}

/**
 * How many words are options; null: one is unknown. All of these stop at the first word that is none (POSIXLY, `+`).
 */
function optionsIn(words: readonly string[], { options, numeric }: Wrapper): number | null {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return at + 1;
    if (!word.startsWith('-') || word === '-') return at;
    if (numeric === true && /^-\d+$/.test(word)) continue;
    const [spelled = ''] = word.startsWith('--') ? word.split('=') : [word.slice(0, 2)];
    const takes = options[spelled];
    const attached = word.length > spelled.length;
    if (takes === undefined || (takes === 0 && attached)) return null;
    if (takes === 1 && !attached) at++;
  }
  return words.length;
}

/** env(1): -i, -u and assignments; not -S, -C and the rest. */
function throughEnv(words: readonly string[]): Passage | null {
  const sets: Passage['sets'] = [];
  let cleared = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, attached] = /^(?:--unset=|-u)(.+)$/.exec(word) ?? [];
    if (word === '--') {
      at++;
      break;
    }
    if (word === '-i' || word === '--ignore-environment' || word === '-') cleared = true;
    else if (word === '-u' || word === '--unset') sets.push({ name: words[++at] ?? '', value: null });
    else if (attached !== undefined) sets.push({ name: attached, value: null });
    else if (word.startsWith('-')) return null;
    else break;
  }
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const equals = word.indexOf('=');
    if (equals === -1) break;
    if (equals === 0) return null;
    sets.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
  }
  return { own: at, sets, cleared };
}
