/** A text with the file position of each character, perhaps a here-document, a YAML scalar or a quoted word. */
export class Fragment {
  constructor(
    readonly text: string,
    private readonly origin: number | Int32Array,
  ) {}

  /** The offset in the file of a character, or of the end. */
  at(index: number): number {
    if (typeof this.origin === 'number') return this.origin + index;
    const last = this.origin.length - 1;
    if (last < 0) return 0;
    return index <= last ? (this.origin[Math.max(0, index)] as number) : (this.origin[last] as number) + 1;
  }

  /** Another text of the same length, at the same position. */
  withText(text: string): Fragment {
    return new Fragment(text, this.origin);
  }

  slice(start: number, end: number): Fragment {
    const text = this.text.slice(start, end);
    if (typeof this.origin === 'number') return new Fragment(text, this.origin + start);
    return new Fragment(text, this.origin.slice(start, start + text.length));
  }
}

export class FragmentBuilder {
  private text = '';
  /** By part: its end in the text, and the positions of its characters. */
  private readonly parts: { length: number; at: (index: number) => number }[] = [];

  /** @param from offset in the file; `stay` keeps all characters there, as for a variable's value */
  add(text: string, from: number, stay = false): this {
    this.text += text;
    this.parts.push({ length: text.length, at: stay ? () => from : (index) => from + index });
    return this;
  }

  addFragment(fragment: Fragment): this {
    this.text += fragment.text;
    this.parts.push({ length: fragment.text.length, at: (index) => fragment.at(index) });
    return this;
  }

  build(): Fragment {
    const origin = new Int32Array(this.text.length);
    let next = 0;
    for (const { length, at } of this.parts) for (let index = 0; index < length; index++) origin[next++] = at(index);
    return new Fragment(this.text, origin);
  }
}

/**
 * The fragment of a parsed value (a YAML scalar, a JSON string), without indentation and escapes. Each character is
 * searched from the last one on, so lines are right, and columns except for blanks.
 * @param host the text that holds the value
 */
export function aligned(value: string, host: Fragment, start: number, end: number): Fragment {
  const { text } = host;
  const direct = text.slice(start, end).indexOf(value);
  if (direct >= 0 && value !== '') return host.slice(start + direct, start + direct + value.length);
  const origin = new Int32Array(value.length);
  let at = start;
  for (let index = 0; index < value.length; index++) {
    const wanted = value[index] as string;
    const blank = /\s/.test(wanted);
    let look = at;
    while (look < end) {
      const seen = text[look] as string;
      if (seen === wanted || (blank && /\s/.test(seen)) || (seen === '\\' && text[look + 1] !== wanted)) break;
      look++;
    }
    if (look >= end) look = at;
    origin[index] = host.at(look);
    at = text[look] === '\\' && wanted !== '\\' ? look + 2 : look + 1;
  }
  return new Fragment(value, origin);
}

export class Lines {
  private readonly starts: number[] = [0];

  constructor(readonly text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get count(): number {
    return this.starts.length;
  }

  /** Both from 1. */
  place(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.starts[low] as number) + 1 };
  }

  /** Without its line end. */
  line(number: number): string {
    const start = this.starts[number - 1] ?? this.text.length;
    const end = this.starts[number] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, '');
  }

  start(number: number): number {
    return this.starts[number - 1] ?? this.text.length;
  }
}
