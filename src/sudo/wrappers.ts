export interface Passage {
  /** Number of arguments before the command. */
  own: number;
  /** In order; null: unset. `cleared`: only these remain. */
  sets: { name: string; value: string | null }[];
  cleared: boolean;
}

/** By spelling: 0 has no value; 1 has one, attached or in the next word. */
type Options = Record<string, 0 | 1>;

interface Wrapper {
  options: Options;
  operands: number;
  /** Accepts the short form `-5`. */
  numeric?: true;
}

/** From coreutils 9.1 and util-linux 2.38. A call with any other option is left alone. */
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

/** The program's name; null if it may be a user's own file. */
export function systemProgram(word: string): string | null {
  const [, name] = /^(?:\/usr\/bin\/|\/bin\/)?([a-z]+)$/.exec(word) ?? [];
  return name ?? null;
}

/** Null: no wrapper, or not fully understood. `words`: the arguments of the wrapper. */
export function passageOf(name: string, words: readonly string[]): Passage | null {
  if (name === 'env') return throughEnv(words);
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper === undefined) return null;
  const options = optionsIn(words, wrapper);
  return options === null ? null : { own: options + wrapper.operands, sets: [], cleared: false };
}

/** Counts option words; null: unknown option. These programs stop at the first other word (POSIXLY, `+`). */
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

/** env(1): supports -i, -u and assignments only. */
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
