import quote from 'shell-quote/quote.js';
import { isPlain } from './plain.ts';

/** Quotes for pasting. Keeps `NAME=` bare, or the shell would run it as a command, and commas and colons readable. */
export function quoteCommand(words: readonly string[]): string {
  return words
    .map((word) => {
      if (isPlain(word)) return word;
      const [, name = '', value = word] = /^([A-Za-z_]\w*=)(.*)$/s.exec(word) ?? [];
      return `${name}${isPlain(value) ? value : quote([value])}`;
    })
    .join(' ');
}
