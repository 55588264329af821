import quote from 'shell-quote/quote.js';
import { isPlain } from './plain.ts';

/**
 * A command as it can be pasted. An assignment's name and `=` stay bare, or the shell would take it for a command; so
 * do commas and colons, which shell-quote escapes, no shell needs escaped, and people read.
 */
export function quoteCommand(words: readonly string[]): string {
  return words
    .map((word) => {
      if (isPlain(word)) return word;
      const [, name = '', value = word] = /^([A-Za-z_]\w*=)(.*)$/s.exec(word) ?? [];
      return `${name}${isPlain(value) ? value : quote([value])}`;
    })
    .join(' ');
}
