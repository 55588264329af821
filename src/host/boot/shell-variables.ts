import type { Runner } from './runner.ts';

/** Words of a shell in front of a command. */
export const KEYWORDS = [
  'then',
  'do',
  'else',
  'if',
  'elif',
  'while',
  'until',
  '!',
  '{',
  'time',
  'exec',
  'nohup',
  'setsid',
];
/** What follows them may not be carried out. */
const CONDITIONS = ['then', 'do', 'else', '||'];
/** They may export a variable, or change one that is exported. */
const DECLARES = ['declare', 'typeset', 'readonly', 'local'];

/** A word with a wildcard counts only as an assignment. What the shell makes of it is not known here. */
export function unknownAssignment(pattern: string): string[] {
  const [, name] = /^(\w+)=/.exec(pattern) ?? [];
  return name === undefined ? [] : [`${name}=$`];
}

/**
 * Unknown variables stay as they are written, and make what follows unclear.
 * @param text the whole command line; a variable that it sets is unknown, because its values are not followed
 */
export function variable(name: string, text: string, { user, pm2Home, homeDirectory }: Runner): string {
  const known: Record<string, string | null> = { HOME: homeDirectory, PM2_HOME: pm2Home, USER: user, LOGNAME: user };
  const isKnown = Object.hasOwn(known, name) && !new RegExp(`\\b${name}=`).test(text);
  return (isKnown ? known[name] : null) ?? `$${name}`;
}

/** `$NAME` and `${NAME}` in a word of `text`. */
export function withVariables(word: string, text: string, by: Runner): string {
  return word.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) =>
    variable(braced ?? bare ?? '', text, by),
  );
}

export function assigned(by: Runner, name: string, value: string, inShell: boolean): Runner {
  const isTilde = /^~(\/|$)/.test(value);
  const full = isTilde && inShell && by.homeDirectory !== null ? by.homeDirectory + value.slice(1) : value;
  const known = isTilde && full === value ? '$' : full;
  if (name === 'PM2_HOME') return { ...by, pm2Home: known };
  // With an empty HOME every PM2 uses /etc/.pm2.
  return name === 'HOME' ? { ...by, homeDirectory: known === '' ? '/etc' : known } : by;
}

/**
 * `export A=B` changes what follows. A bare `A=B` does so only where A is exported, which is not followed here.
 * @param words of one command
 * @param operator in front of the command
 */
export function exported(words: readonly string[], operator: string, by: Runner): Runner {
  const at = words.findIndex((word) => !KEYWORDS.includes(word));
  if (at < 0) return by;
  const isConditional = [operator, ...words.slice(0, at)].some((word) => CONDITIONS.includes(word));
  const [command = '', ...rest] = words.slice(at);
  if (command === 'unset') return without(rest, isConditional, by);
  const isExport = command === 'export';
  const isDeclaration = isExport || DECLARES.includes(command);
  if (!isDeclaration && ![command, ...rest].every((word) => /^\w+=/.test(word))) return by;
  let runner = by;
  for (const word of isDeclaration ? rest : [command, ...rest]) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name !== '') runner = assigned(runner, name, isExport && !isConditional ? value : '$', true);
  }
  return runner;
}

/** unset(1p) */
function without(names: readonly string[], isConditional: boolean, by: Runner): Runner {
  const value = isConditional ? '$' : null;
  const { pm2Home, homeDirectory } = by;
  return {
    ...by,
    pm2Home: names.includes('PM2_HOME') ? value : pm2Home,
    homeDirectory: names.includes('HOME') ? value : homeDirectory,
  };
}
