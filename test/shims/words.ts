/** Arguments that a shell script changes easily. */
export const HARD_WORDS = [
  '',
  ' ',
  'a b',
  '*',
  '$HOME',
  '`id`',
  "it's",
  '"',
  '\\',
  '\\n',
  '-x',
  'ünï',
  '\x01\x1b[2J',
  '\n',
  'x'.repeat(100_000),
  'last\n',
];
