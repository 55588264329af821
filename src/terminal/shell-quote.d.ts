declare module 'shell-quote/quote.js' {
  export default function quote(words: readonly string[]): string;
}
