import { isPlain, isPrintable } from '../terminal/plain.ts';

/**
 * rewrite caller=deploy login=- home=/home/deploy/.pm2 cwd=/srv rule=/etc/pm2-guard/config.yaml:7 command="pm2 ls"
 *
 * Log line: outcome, then `key=value` in fixed order. Letters, digits and _@%+:,./~#$- are bare; other values are in
 * double quotes with `\"`, `\\`, `\xNN`, `\uNNNN`. `-`: no value. `...` after the quote: truncated. No imports of
 * packages: every call of pm2 loads this file.
 */
export type LoggedOutcome = 'rewrite' | 'block' | 'bypass' | 'observed';

/** In line order. Null is written as `-`; undefined is omitted. */
export interface Fields {
  caller: string;
  /** The user behind sudo. */
  login: string | null;
  /** The PM2_HOME of the call. */
  home: string;
  cwd: string | null;
  rule: string;
  /** The owner, if there is one. */
  daemon?: string | undefined;
  user?: string | undefined;
  command: string;
}

/** Bytes. logger(1) and busybox's syslogd truncate at 1024, including time and tag. */
export const MAX_LINE = 940;
const MAX_NAME = 64;
const MAX_PATH = 160;

/** Printable characters, at most MAX_LINE bytes. */
export function recordLine(
  outcome: LoggedOutcome,
  { caller, login, home: pm2Home, cwd, rule, daemon, user, command }: Fields,
): string {
  const start = [
    outcome,
    `caller=${written(caller, MAX_NAME)}`,
    `login=${written(login, MAX_NAME)}`,
    `home=${written(pm2Home, MAX_PATH)}`,
    `cwd=${written(cwd, MAX_PATH)}`,
    `rule=${written(rule, MAX_PATH)}`,
    ...(daemon === undefined ? [] : [`daemon=${written(daemon, MAX_NAME)}`]),
    ...(user === undefined ? [] : [`user=${written(user, MAX_NAME)}`]),
    'command=',
  ].join(' ');
  return start + written(command, MAX_LINE - byteLength(start));
}

/** @param max bytes, with quotes and marks */
function written(value: string | null, max: number): string {
  if (value === null) return '-';
  if (value !== '-' && value.length <= max && isBare(value)) return value;
  let room = max - '""...'.length;
  // fast path: checking each character takes 0.2 ms
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

/** Avoids the regular expression for most values. */
function isBare(value: string): boolean {
  return isPlain(value) ? !value.includes('=') : !value.includes(' ') && /^[\w@%+:,./~#$-]+$/.test(value);
}

/** Escapes quotes, backslashes, and controls that could forge a line (terminal/escape.ts). */
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
