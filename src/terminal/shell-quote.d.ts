declare module 'shell-quote/quote.js' {
  /** Quotes words so that a POSIX shell reads them back as they are. */
  export default function quote(words: readonly string[]): string;
}
