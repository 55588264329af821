declare module 'shell-quote/parse.js' {
  export default function parse(text: string): (string | object)[];
}
