import quote from 'shell-quote/quote.js';
import { escapeControls } from './escape.ts';
import { isPlain } from './plain.ts';

/**
 * Quotes for pasting: the shell that reads the line gets exactly these words. The line has no control characters, which
 * escapeControls would turn into other text. Keeps `NAME=` bare, or the shell would run it as a command, and commas and
 * colons readable.
 */
export function quoteCommand(words: readonly string[]): string {
  return words.map((word) => quotedWith(word, pastable)).join(' ');
}

/** A command line that a person only reads, before escapeControls: not for pasting. */
export function describeCommand(words: readonly string[]): string {
  return words.map((word) => quotedWith(word, (text) => quote([text]))).join(' ');
}

function quotedWith(word: string, quoted: (text: string) => string): string {
  if (isPlain(word)) return word;
  const [, name = '', value = word] = /^([A-Za-z_]\w*=)(.*)$/s.exec(word) ?? [];
  return `${name}${isPlain(value) ? value : quoted(value)}`;
}

/**
 * Where a terminal must not get the characters: printf(1), which is in every shell and knows octal numbers. `$(...)`
 * removes a line feed at the end, so such a word is in the form of bash, ksh and zsh.
 */
function pastable(text: string): string {
  if (escapeControls(text) === text) return quote([text]);
  const octal = octalControls(text);
  return text.endsWith('\n') ? `$'${octal}'` : `"$(printf '${octal}')"`;
}

/** Also characters with a meaning for printf, for a quoted text, or for bash's history, and a `-` at the beginning. */
function octalControls(text: string): string {
  return Array.from(text, (character, at) =>
    escapeControls(character) !== character || `'"\\$\`!%`.includes(character) || (at === 0 && character === '-')
      ? Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
      : character,
  ).join('');
}
