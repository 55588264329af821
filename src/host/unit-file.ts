/** What a service file says, as systemd reads it (systemd.syntax(7), systemd.service(5), systemd.exec(5)). Pure. */
export interface ServiceFile {
  /** User=; null: the manager's own, which is root for the system's. */
  user: string | null;
  /** Of Environment=. */
  env: Readonly<Record<string, string>>;
  /** Of EnvironmentFile=, in their order. */
  envFiles: string[];
  /** The words of ExecStart=, without its prefixes; empty: there is none. */
  start: string[];
  /** PIDFile=, absolute; null: none. */
  pidFile: string | null;
}

/**
 * @param text of the file and its drop-ins, in the order in which systemd reads them
 * @param name of the unit: `pm2@ops.service` fills in %i of the template
 */
export function readService(text: string, name: string): ServiceFile {
  const lines = text.replace(/\\\r?\n/g, ' ').split('\n'); // a line goes on after a backslash
  let user: string | null = null,
    pidFile: string | null = null;
  let start: string[] = [];
  let env: Record<string, string> = {};
  let envFiles: string[] = [];
  for (const line of lines) {
    // A user may have written it: no expression that takes the square of a line's length, and nothing copied per line.
    const [, key = '', raw = ''] =
      /^[ \t]*(User|Environment|EnvironmentFile|ExecStart|PIDFile)[ \t]*=(.*)$/.exec(line) ?? [];
    const value = specified(trimmed(raw), name);
    switch (key) {
      // The last one counts, an empty one takes back what stood before.
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

/** Without the blanks and tabs around it. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && ' \t'.includes(text.charAt(start))) start++;
  while (end > start && ' \t'.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Environment="A=b c" PM2_HOME=/x: several on a line, each in quotes or not. */
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

/** systemd.unit(5), SPECIFIERS: those that a unit of pm2 is written with. */
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

/** What systemd makes of a name in User=. */
export type UserName =
  | 'taken'
  /** Up to version 233 the line is passed over with a warning, and the service runs as root (CVE-2017-1000082, T27). */
  | 'ignored'
  /** The unit is not started. */
  | 'refused'
  /** One of the two, or taken: it depends on the version, which nobody told us. */
  | 'unclear';

/**
 * Rules of systemd.exec(5) and systemd.io/USER_NAMES: strict names are always taken, as are uids. With others it
 * depends: names with a dot since 244, nearly all since 246.
 *
 * @param version of systemd; null: unknown
 */
export function systemdTakes(user: string, version: number | null): UserName {
  if (/^([A-Za-z_][A-Za-z0-9_-]{0,30}|\d+)$/.test(user)) return 'taken';
  const never = /[:/\u0000-\u001f\u007f]|^\s|\s$|^-\d+$|^\.\.?$/.test(user) || user.length > 255;
  if (version === null) return 'unclear';
  if (version < 234) return 'ignored';
  if (never) return 'refused';
  if (version >= 246) return 'taken';
  return version >= 244 && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/.test(user) && !/^\d+$/.test(user) ? 'taken' : 'refused';
}
