import { isPlain, isPrintable } from '../terminal/plain.ts';

/**
 * One line of the record, as it stands in the system log behind the tag `pm2-guard:`; the time is the log's own.
 *
 *     rewrite caller=deploy login=- home=/home/deploy/.pm2 cwd=/srv rule=/etc/pm2-guard/config.yaml:7 daemon=web
 * user=www-data command="pm2 restart myapp"
 *
 * First the outcome, then `key=value` with a space between, always in this order; `daemon` and `user` only where the
 * call has an owner. A value is bare where it is made of letters, digits and _@%+:,./~#$- alone, and `-` where there is
 * none. Else it stands in double quotes, with `\"`, `\\`, and control characters as `\xNN` or `\uNNNN`; `...` behind
 * the closing quote: the value was cut. Dependency-free: the hot path writes it.
 */
export type LoggedOutcome = 'rewrite' | 'block' | 'bypass' | 'observed';

/** In the order of the line. null is written as `-`, what is undefined is left out. */
export interface Fields {
  caller: string;
  /** Who is behind sudo. */
  login: string | null;
  /** The PM2_HOME that the call would have used. */
  home: string;
  cwd: string | null;
  rule: string;
  /** Who owns what was asked for. */
  daemon?: string | undefined;
  user?: string | undefined;
  /** As it can be pasted. */
  command: string;
}

/**
 * Bytes. logger(1) gives the first 1024 of a message, and busybox's syslogd as much of the whole datagram, time and tag
 * included: so short, no log cuts it where it should not.
 */
export const MAX_LINE = 940;
/** No value before the command may take its place. */
const MAX_NAME = 64;
const MAX_PATH = 160;

/** The line of a call, of printable characters only and never longer than MAX_LINE bytes. */
export function recordLine(
  outcome: LoggedOutcome,
  { caller, login, home, cwd, rule, daemon, user, command }: Fields,
): string {
  const start = [
    outcome,
    `caller=${written(caller, MAX_NAME)}`,
    `login=${written(login, MAX_NAME)}`,
    `home=${written(home, MAX_PATH)}`,
    `cwd=${written(cwd, MAX_PATH)}`,
    `rule=${written(rule, MAX_PATH)}`,
    ...(daemon === undefined ? [] : [`daemon=${written(daemon, MAX_NAME)}`]),
    ...(user === undefined ? [] : [`user=${written(user, MAX_NAME)}`]),
    'command=',
  ].join(' ');
  return start + written(command, MAX_LINE - byteLength(start));
}

/** @param max bytes that the value may take, quotes and marks included */
function written(value: string | null, max: number): string {
  if (value === null) return '-';
  if (value !== '-' && value.length <= max && isBare(value)) return value;
  let room = max - '""...'.length;
  // nearly all: one look, where each character's takes 0.2 ms
  if (value.length <= room && isPrintable(value) && !value.includes('"') && !value.includes('\\')) return `"${value}"`;
  let text = '';
  for (const character of value) {
    const escaped = inQuotes(character);
    room -= byteLength(escaped);
    if (room < 0) return `"${text}"...`;
    text += escaped;
  }
  return `"${text}"`;
}

/** The two looks before the last spare nearly every value the regular expression. */
function isBare(value: string): boolean {
  return isPlain(value) ? !value.includes('=') : !value.includes(' ') && /^[\w@%+:,./~#$-]+$/.test(value);
}

/**
 * What moves a cursor, ends a line, turns the reading or cannot be said in UTF-8 (terminal/escape.ts), and the two
 * characters of our own.
 */
function inQuotes(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u.test(character))
    return character;
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
