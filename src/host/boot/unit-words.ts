/*
 * The words of a setting, as systemd takes them apart (extract_first_word in src/basic/extract-word.c): quotes
 * anywhere in a word, and escapes as in C inside and outside of both kinds of quotes.
 */

export interface UnitWord {
  /** Null: its bytes are no UTF-8. */
  text: string | null;
  /** Where the next word begins. */
  next: number;
}

/** Latin1, because an escape may spell one byte of a character. */
export function bytesOf(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

const ENDS = ' \t\n\r';

export function skipBlanks(bytes: string, from: number): number {
  let at = from;
  while (at < bytes.length && ENDS.includes(bytes.charAt(at))) at++;
  return at;
}

/**
 * @param bytes of `bytesOf`
 * @param from where the word begins, after blanks
 * @param keepsUnknown an unknown escape stays as it is (ExecStart=); otherwise the word is invalid (Environment=)
 * @returns null: invalid, or an open quote
 */
export function wordAt(bytes: string, from: number, keepsUnknown: boolean): UnitWord | null {
  let text = '';
  let quote = '';
  let at = from;
  for (; at < bytes.length; at++) {
    const one = bytes.charAt(at);
    if (one === '\\') {
      const escape = escapeAt(bytes, at + 1);
      if (escape !== null) {
        text += escape.bytes;
        at += escape.length;
      } else if (!keepsUnknown) return null;
      else if (at + 1 < bytes.length) text += one + bytes.charAt(++at);
      else if (quote === '') text += one;
    } else if (quote !== '') {
      if (one === quote) quote = '';
      else text += one;
    } else if (one === '"' || one === "'") quote = one;
    else if (ENDS.includes(one)) break;
    else text += one;
  }
  return quote === '' ? { text: decoded(text), next: skipBlanks(bytes, at) } : null;
}

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** cunescape_one in src/basic/escape.c. `at`: after the backslash. */
function escapeAt(bytes: string, at: number): { bytes: string; length: number } | null {
  const letter = LETTERS[bytes.charAt(at)];
  if (letter !== undefined) return { bytes: letter, length: 1 };
  const [whole = '', hex, short, long, octal] =
    /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(bytes.slice(at, at + 9)) ?? [];
  const byte = hex === undefined ? parseInt(octal ?? '', 8) : parseInt(hex, 16);
  if (byte > 0 && byte < 256) return { bytes: String.fromCharCode(byte), length: whole.length };
  const point = parseInt(short ?? long ?? '', 16);
  return point > 0 && isCharacter(point)
    ? { bytes: bytesOf(String.fromCodePoint(point)), length: whole.length }
    : null;
}

/** unichar_is_valid in src/basic/utf8.c */
function isCharacter(point: number): boolean {
  const isSurrogate = point >= 0xd800 && point < 0xe000;
  const isReserved = (point >= 0xfdd0 && point <= 0xfdef) || (point & 0xfffe) === 0xfffe;
  return point < 0x110000 && !isSurrogate && !isReserved;
}

function decoded(bytes: string): string | null {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return bytesOf(text) === bytes ? text : null;
}
