declare module 'shell-quote/parse.js' {
  /** Words of a POSIX shell command; what is no plain word comes as an object. */
  export default function parse(text: string): (string | object)[];
}
