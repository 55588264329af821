import type { LintCall } from '../model.ts';
import type { Fragment } from '../text.ts';
import { FragmentBuilder } from '../text.ts';
import type { Syntax } from './grammar.ts';
import { valueOf, type ShellScope, type Value } from './scope.ts';

/** One word of a command, as the shell expands it. */
export interface ParsedWord extends Value {
  /** In the fragment it was read from. */
  start: number;
  end: number;
  quoted: boolean;
  /** Its text, with the position of each character in the file. */
  origin: Fragment;
}

/** The callback from words to commands. */
export interface Substitution {
  /** Follows `$(...)`: its output, if certain, and the pm2 calls that it depends on. */
  substitute(node: Syntax, scope: ShellScope): { out: Fragment | null; asks: readonly LintCall[] };
  /** False: too much has been added to the words of this file. */
  expands(length: number): boolean;
}

const NO_CALLS: readonly LintCall[] = [];
/** What a word costs beside its text, in characters. */
const WORD = 64;

function wordOf(
  origin: Fragment,
  certain: boolean,
  asks: readonly LintCall[],
  node: Syntax,
  quoted: boolean,
): ParsedWord {
  const { start, end } = node;
  return { text: origin.text, certain, fragment: null, asks, items: null, exported: false, start, end, origin, quoted };
}

interface Piece {
  text: string;
  from: number;
  stay: boolean;
  certain: boolean;
  fragment: Fragment | null;
  asks: readonly LintCall[];
}

export class ShellWords {
  constructor(
    private readonly fragment: Fragment,
    private readonly deeper: Substitution,
  ) {}

  /** The words of one node: several if an unquoted variable holds blanks. */
  expand(node: Syntax, scope: ShellScope): ParsedWord[] {
    const [only] = node.children;
    if (node.type === 'command_name' && only && node.children.length === 1) return this.expand(only, scope);
    const unquoted = node.type === 'simple_expansion' || node.type === 'expansion';
    const array = unquoted ? node : node.type === 'string' && node.children.length === 3 ? node.children[1] : undefined;
    const items = array === undefined ? null : this.itemsOf(array, scope);
    if (items !== null) return items.map((item) => this.placed(item, node));
    const word = this.read(node, scope);
    if (!unquoted || !word.certain || !/\s/.test(word.text)) return [word];
    if (!this.deeper.expands((word.text.length * WORD) / 2)) return [word]; // each second character may be a word
    return [...word.text.matchAll(/\S+/g)].map(({ 0: text, index }) => {
      return this.placed(
        valueOf(text, true, { asks: word.asks, fragment: word.origin.slice(index, index + text.length) }),
        node,
      );
    });
  }

  read(node: Syntax, scope: ShellScope): ParsedWord {
    if (node.type === 'word' || node.type === 'number') {
      const origin = this.fragment.slice(node.start, node.end);
      if (!origin.text.includes('\\')) return wordOf(origin, true, NO_CALLS, node, false);
    }
    const pieces = this.pieces(node, scope);
    const builder = new FragmentBuilder();
    for (const { text, from, stay, fragment } of pieces) {
      if (fragment !== null) builder.addFragment(fragment);
      else builder.add(text, from, stay);
    }
    const [only] = pieces;
    const origin = pieces.length === 1 && only?.fragment ? only.fragment : builder.build();
    const quoted = node.type === 'string' || node.type === 'raw_string';
    const asks = pieces.some((piece) => piece.asks.length > 0) ? pieces.flatMap((piece) => [...piece.asks]) : NO_CALLS;
    return wordOf(
      origin,
      pieces.every(({ certain }) => certain),
      asks,
      node,
      quoted,
    );
  }

  private placed(value: Value, node: Syntax): ParsedWord {
    const origin = value.fragment ?? new FragmentBuilder().add(value.text, this.fragment.at(node.start), true).build();
    return { ...value, start: node.start, end: node.end, quoted: false, origin };
  }

  /** `$@`, `$*`, `${list[@]}`: each item is a word. */
  private itemsOf(node: Syntax, scope: ShellScope): readonly Value[] | null {
    const text = this.text(node);
    const name = /^\$\{?([@*]|\w+(?=\[[@*]\]))/.exec(text)?.[1];
    const items = name === undefined ? null : (scope.get(name)?.items ?? null);
    return items?.every((item) => this.fits(item)) === true ? items : null;
  }

  private fits({ text, asks }: Value): boolean {
    return this.deeper.expands(text.length + asks.length + WORD);
  }

  text(node: Pick<Syntax, 'start' | 'end'>): string {
    return this.fragment.text.slice(node.start, node.end);
  }

  private piece(node: Syntax, text: string, certain: boolean, more: Partial<Piece> = {}): Piece {
    return { text, from: this.fragment.at(node.start), stay: true, certain, fragment: null, asks: [], ...more };
  }

  private pieces(node: Syntax, scope: ShellScope): Piece[] {
    switch (node.type) {
      case 'raw_string':
        return this.literal(node.start + 1, Math.max(node.start + 1, node.end - 1));
      case 'string':
      case 'translated_string':
        return this.doubleQuoted(node, scope);
      case 'heredoc_body':
        return this.between(node, node.start, node.end, scope, /\\[$`\\]/);
      case 'ansi_c_string':
        return [this.piece(node, unescaped(this.text(node).slice(2, -1)), true)];
      case 'concatenation':
      case 'command_name':
        return node.children.length === 0
          ? this.plainWord(node)
          : node.children.flatMap((child) => this.pieces(child, scope));
      case 'simple_expansion':
      case 'expansion':
        return [this.variable(node, scope)];
      case 'command_substitution': {
        const { out, asks } = this.deeper.substitute(node, scope);
        if (out === null) return [this.piece(node, this.text(node), false, { asks })];
        const text = out.text.replace(/\n+$/, '');
        return [this.piece(node, text, true, { asks, fragment: out.slice(0, text.length) })];
      }
      case 'process_substitution':
        return [this.piece(node, this.text(node), false, { asks: this.deeper.substitute(node, scope).asks })];
      case 'arithmetic_expansion':
      case 'brace_expression':
        return [this.piece(node, this.text(node), false)];
      default:
        return this.plainWord(node);
    }
  }

  /** Removes backslashes outside quotes. */
  private plainWord(node: Syntax): Piece[] {
    const text = this.text(node);
    return text.includes('\\') ? this.escaped(node.start, node.end, /\\[^]/) : this.literal(node.start, node.end);
  }

  private literal(start: number, end: number): Piece[] {
    const text = this.fragment.text.slice(start, end);
    return [
      {
        text,
        from: this.fragment.at(start),
        stay: false,
        certain: true,
        fragment: this.fragment.slice(start, end),
        asks: [],
      },
    ];
  }

  private escaped(start: number, end: number, escape: RegExp): Piece[] {
    const pieces: Piece[] = [];
    const text = this.fragment.text.slice(start, end);
    const every = new RegExp(escape.source, 'g');
    let at = 0;
    for (const match of text.matchAll(every)) {
      pieces.push(...this.literal(start + at, start + match.index));
      if (match[0][1] !== '\n') pieces.push(...this.literal(start + match.index + 1, start + match.index + 2));
      at = match.index + 2;
    }
    pieces.push(...this.literal(start + at, end));
    return pieces;
  }

  private doubleQuoted(node: Syntax, scope: ShellScope): Piece[] {
    const open = this.text(node).startsWith('$') ? 2 : 1;
    const closed = node.end - node.start > open && this.fragment.text[node.end - 1] === '"';
    return this.between(node, node.start + open, closed ? node.end - 1 : node.end, scope, /\\[$`"\\\n]/);
  }

  /** The text of a range, with the node's child expansions. Blanks at its ends have no node. */
  private between(node: Syntax, start: number, end: number, scope: ShellScope, escape: RegExp): Piece[] {
    const pieces: Piece[] = [];
    let at = start;
    for (const child of node.children) {
      if (
        !['simple_expansion', 'expansion', 'command_substitution', 'arithmetic_expansion', 'concatenation'].includes(
          child.type,
        )
      )
        continue;
      if (child.start > at) pieces.push(...this.escaped(at, child.start, escape));
      pieces.push(...this.pieces(child, scope));
      at = child.end;
    }
    if (end > at) pieces.push(...this.escaped(at, end, escape));
    return pieces;
  }

  private variable(node: Syntax, scope: ShellScope): Piece {
    const text = this.text(node);
    const [, name = ''] = /^\$\{?[!#]?(\w+|[@*#?$!-])/.exec(text) ?? [];
    const found = scope.get(name);
    const value = found !== null && this.fits(found) ? found : null;
    const rest = text.startsWith('${') ? text.slice(2 + name.length, -1) : '';
    const [, index] = /^\[(\d+)\]$/.exec(rest) ?? [];
    const item = index === undefined ? null : value?.items?.[Number(index)];
    if (item) return this.piece(node, item.text, item.certain);
    const known = value?.items === null ? value : null;
    if (known !== null && known.certain && (rest === '' || /^:?[-=?]/.test(rest))) {
      return this.piece(node, known.text, true, {
        asks: known.asks,
        fragment: /\s/.test(known.text) || /^\d$/.test(name) ? known.fragment : null,
      });
    }
    const fallback = /^:?[-=](.*)$/s.exec(rest)?.[1];
    if (name === 'HOME' && rest === '') return this.piece(node, '~', true);
    const asks = value?.asks ?? [];
    if (fallback !== undefined && value === null) {
      // Another shell may have set the variable, so its default is assumed only for the program's own name.
      const plain = fallback.replace(/^["']|["']$/g, '');
      if (/(^|\/)pm2$/.test(plain)) return this.piece(node, plain, true);
    }
    return this.piece(node, value !== null && !value.certain && value.text !== '' ? value.text : `$${name}`, false, {
      asks,
    });
  }
}

function unescaped(text: string): string {
  const plain: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };
  return text.replace(/\\([^])/g, (_, letter: string) => plain[letter] ?? letter);
}
