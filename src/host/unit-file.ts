/** A service file as systemd reads it (systemd.syntax(7), systemd.service(5), systemd.exec(5)). */
export interface ServiceFile {
  /** User=; null: the manager's user, root for the system's. */
  user: string | null;
  env: Readonly<Record<string, string>>;
  envFiles: string[];
  /** ExecStart= without prefixes. */
  start: string[];
  /** PIDFile=, absolute. */
  pidFile: string | null;
}

/** @param text of the file and its drop-ins in systemd's order */
export function readService(text: string, name: string): ServiceFile {
  const lines = text.replace(/\\\r?\n/g, ' ').split('\n'); // a backslash continues a line
  let user: string | null = null,
    pidFile: string | null = null;
  let start: string[] = [];
  let env: Record<string, string> = {};
  let envFiles: string[] = [];
  for (const line of lines) {
    // A user may have written it, so no regular expression with quadratic time.
    const [, key = '', raw = ''] =
      /^[ \t]*(User|Environment|EnvironmentFile|ExecStart|PIDFile)[ \t]*=(.*)$/.exec(line) ?? [];
    const value = specified(trimmed(raw), name);
    switch (key) {
      // The last value counts, and an empty one resets.
      case 'User':
        user = value === '' ? null : value;
        break;
      case 'PIDFile':
        pidFile = value === '' ? null : value.startsWith('/') ? value : `/run/${value}`;
        break;
      case 'ExecStart':
        start = wordsOf(value).map((word, index) => (index === 0 ? word.replace(/^[-@:+!|]+/, '') : word));
        break;
      case 'Environment':
        env = value === '' ? {} : Object.assign(env, assignments(value));
        break;
      case 'EnvironmentFile':
        if (value === '') envFiles = [];
        else envFiles.push(value.replace(/^-/, ''));
        break;
      default:
        break;
    }
  }
  return { user, env, envFiles, start, pidFile };
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && ' \t'.includes(text.charAt(start))) start++;
  while (end > start && ' \t'.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** `Environment="A=b c" PM2_HOME=/x` */
function assignments(value: string): Record<string, string> {
  return Object.fromEntries(
    wordsOf(value)
      .filter((word) => word.includes('='))
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}

function wordsOf(value: string): string[] {
  return [...value.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^(["'])(.*)\1$/s, '$2'));
}

/** The specifiers that units of pm2 use (systemd.unit(5)). */
function specified(value: string, name: string): string {
  const [, prefix = '', instance = ''] = /^(.*?)(?:@(.*))?\.service$/.exec(name) ?? [];
  const known: Record<string, string> = {
    '%i': instance,
    '%I': instance.replaceAll('-', '/'),
    '%n': name,
    '%N': name.replace(/\.service$/, ''),
    '%p': prefix,
    '%%': '%',
  };
  return value.replace(/%./g, (specifier) => known[specifier] ?? specifier);
}

export type UserName =
  | 'taken'
  /** Up to 233: systemd warns, and runs the service as root (CVE-2017-1000082, T27). */
  | 'ignored'
  | 'refused'
  /** Depends on the unknown version. */
  | 'unclear';

/** systemd.exec(5), systemd.io/USER_NAMES: names with a dot are valid since 244, nearly all since 246. */
export function systemdTakes(user: string, version: number | null): UserName {
  if (/^([A-Za-z_][A-Za-z0-9_-]{0,30}|\d+)$/.test(user)) return 'taken';
  const never = /[:/\u0000-\u001f\u007f]|^\s|\s$|^-\d+$|^\.\.?$/.test(user) || user.length > 255;
  if (version === null) return 'unclear';
  if (version < 234) return 'ignored';
  if (never) return 'refused';
  if (version >= 246) return 'taken';
  return version >= 244 && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/.test(user) && !/^\d+$/.test(user) ? 'taken' : 'refused';
}
