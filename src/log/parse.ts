import type { LoggedOutcome } from './line.ts';

export interface LogEntry {
  verdict: LoggedOutcome;
  caller: string;
  login: string | null;
  home: string;
  cwd: string | null;
  rule: string;
  daemon: string | null;
  user: string | null;
  command: string;
  cut: boolean;
}

const OUTCOMES = ['rewrite', 'block', 'bypass', 'observed'];
const FIELD = /([a-z]+)=(?:([\w@%+:,./~#$-]+)|"((?:[^"\\]|\\["\\]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4})*)("(?:\.\.\.)?|$))/y;

/** Null: not from recordLine. Rejects gaps and repeated keys, so that a value cannot forge a field. */
export function parseLine(text: string): LogEntry | null {
  const outcome = OUTCOMES.find((word) => text.startsWith(`${word} `));
  if (outcome === undefined) return null;
  const fields = new Map<string, string | null>();
  let cut = false;
  FIELD.lastIndex = outcome.length + 1;
  for (;;) {
    const match = FIELD.exec(text);
    if (match === null) return null;
    const [whole, key = '', bare, quoted = '', end] = match;
    if (fields.has(key)) return null;
    fields.set(key, bare === undefined ? unescaped(quoted) : bare === '-' ? null : bare);
    if (bare === undefined && end !== '"') cut = true;
    const next = match.index + whole.length;
    if (next === text.length) break;
    if (text[next] !== ' ') return null;
    FIELD.lastIndex = next + 1;
  }
  const [caller, pm2Home, rule, command] = ['caller', 'home', 'rule', 'command'].map((key) => fields.get(key) ?? null);
  if (caller == null || pm2Home == null || rule == null || command == null) return null;
  const of = (key: string) => fields.get(key) ?? null;
  return {
    verdict: outcome as LoggedOutcome,
    caller,
    login: of('login'),
    home: pm2Home,
    cwd: of('cwd'),
    rule,
    daemon: of('daemon'),
    user: of('user'),
    command,
    cut,
  };
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/g,
    (_, x: string | undefined, u: string | undefined, itself: string) => {
      const hex = x ?? u;
      return hex === undefined ? itself : String.fromCharCode(parseInt(hex, 16));
    },
  );
}
