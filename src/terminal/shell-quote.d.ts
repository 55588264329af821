declare module 'shell-quote/quote.js' {
  export default function quote(words: readonly string[]): string;
}

declare module 'shell-quote/parse.js' {
  export default function parse(text: string): (string | object)[];
}
