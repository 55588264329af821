import quote from 'shell-quote/quote.js';

/** A command as it can be pasted. An assignment's name and `=` stay bare, or the shell would take it for a command. */
export function shown(words: readonly string[]): string {
  return words.map((word) => {
    if (isPlain(word)) return word;
    const [, name = '', value = word] = /^([A-Za-z_]\w*=)(.*)$/s.exec(word) ?? [];
    return `${name}${isPlain(value) ? value : quote([value])}`;
  }).join(' ');
}

/** shell-quote escapes a comma or a colon too; no shell needs that, and people read these lines. */
function isPlain(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word);
}
