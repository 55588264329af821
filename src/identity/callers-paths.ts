/** Paths of the caller's home directory in the values of variables. Pure. */

/** Whose paths are looked for, and whose are not. */
export interface HomeDirectories {
  /** Home directories of the caller: absolute, without a slash at the end. */
  callers: readonly string[];
  /**
   * Home directory of the user who gets the variables. What lies in it stays, also below a home directory of the
   * caller.
   */
  owners: string | null;
}

/** Accounts of the system have these (base-passwd of Debian); what lies in them belongs to no person. */
const NOT_A_PERSONS = ['', '/bin', '/sbin', '/dev', '/usr/bin', '/usr/sbin', '/usr', '/nonexistent', '/var/empty'];

/** The directories that are a person's, each once, as absolute paths without a slash at the end. */
export function homeDirectories(
  callers: readonly (string | null | undefined)[],
  owners: string | null,
): HomeDirectories {
  const owner = owners === null ? null : trimmed(owners);
  const found = callers
    .map((path) => trimmed(path ?? ''))
    .filter((path) => path.startsWith('/') && !NOT_A_PERSONS.includes(path) && path !== owner);
  return { callers: [...new Set(found)], owners: owner === null || NOT_A_PERSONS.includes(owner) ? null : owner };
}

/**
 * What of a value may cross: NODE_OPTIONS without the words that name a path of the caller, a list of directories
 * without the caller's; any other value as it is.
 *
 * @returns null where nothing of it may
 */
export function withoutCallersPaths(name: string, value: string, homes: HomeDirectories): string | null {
  const areOptions = name === 'NODE_OPTIONS' || name === 'PM2_NODE_OPTIONS';
  if (!holdsCallersPath(areOptions ? unquoted(value) : value, homes)) return value;
  if (areOptions) return optionsWithout(value, homes);
  if (isPathList(name, value)) {
    const kept = value.split(':').filter((entry) => !holdsCallersPath(entry, homes));
    return kept.some((entry) => entry !== '') ? kept.join(':') : null;
  }
  return null;
}

/**
 * A path in a home directory of the caller, or a session's directory (pam_systemd(8), pam_tmpdir), anywhere in a
 * text.
 */
export function holdsCallersPath(text: string, { callers, owners }: HomeDirectories): boolean {
  if (!text.includes('/')) return false;
  if (text.includes('/user/') && /\/(run|tmp)\/user\/\d/.test(text)) return true;
  return callers.some((home) => {
    for (let at = text.indexOf(home); at >= 0; at = text.indexOf(home, at + 1)) {
      if (!endsAt(text, at + home.length) || !beginsAt(text, at)) continue;
      const inOwners =
        owners?.startsWith(`${home}/`) === true && text.startsWith(owners, at) && endsAt(text, at + owners.length);
      if (!inOwners) return true;
    }
    return false;
  });
}

/** /root is no beginning of /rooted, /root.d or /root-2. */
function endsAt(text: string, end: number): boolean {
  return end === text.length || !inName(text.charCodeAt(end));
}

/**
 * Nor is it the end of /srv/root, ./root, https://host/root or postgres://root. `-I/root` and `file:///root` name it.
 */
function beginsAt(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text[start - 1] === '/') start--;
  if (start === 0 || !inName(text.charCodeAt(start - 1))) return !(at - start === 1 && text[start - 1] === ':');
  return at === start && isOption(text, at);
}

/** `-I` or `-isystem`, right before a path. */
function isOption(text: string, end: number): boolean {
  let start = end;
  while (start > 0 && isLetter(text.charCodeAt(start - 1))) start--;
  if (start === end || text[start - 1] !== '-') return false;
  return start === 1 || (text[start - 2] !== '/' && !inName(text.charCodeAt(start - 2)));
}

function trimmed(path: string): string {
  return path.endsWith('/') ? trimmed(path.slice(0, -1)) : path;
}

/** Letters, digits, `_ - . + % ~`, and all that is no ASCII. */
function inName(code: number): boolean {
  return code > 127 || isLetter(code) || (code >= 48 && code <= 57) || IN_NAMES.includes(code);
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 97 && lower <= 122;
}

const IN_NAMES = [0x5f, 0x2d, 0x2e, 0x2b, 0x25, 0x7e];

/** Lists of directories whose entries need not be absolute paths. */
const PATH_LISTS = ['NODE_PATH', 'CLASSPATH', 'PYTHONPATH', 'PERL5LIB', 'RUBYLIB', 'LD_LIBRARY_PATH'];

/** MANPATH, GEM_PATH, XDG_DATA_DIRS...: a name of that kind, and only absolute paths between the colons. */
function isPathList(name: string, value: string): boolean {
  if (!value.includes(':')) return false;
  if (PATH_LISTS.includes(name)) return true;
  const kind = name.toUpperCase();
  if (!kind.endsWith('PATH') && !kind.endsWith('LIB') && !kind.endsWith('DIRS')) return false;
  return value.split(':').every((entry) => entry === '' || entry.startsWith('/'));
}

/**
 * NODE_OPTIONS as node reads it (src/node_options.cc, ParseNodeOptionsEnvVar): words between spaces, double quotes, and
 * backslashes inside them. A word that is no option is the value of the option before it, so both go.
 */
function optionsWithout(text: string, homes: HomeDirectories): string | null {
  const words = /"(?:[^"\\]|\\.)*$/.test(text.replace(/"(?:[^"\\]|\\.)*"/gs, ''))
    ? []
    : (text.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/gs) ?? []);
  const options: string[][] = [];
  for (const word of words) {
    const last = options.at(-1);
    if (last === undefined || word.startsWith('-')) options.push([word]);
    else last.push(word);
  }
  const kept = options.filter((option) => !option.some((word) => holdsCallersPath(unquoted(word), homes)));
  return kept.length === 0 ? null : kept.map((option) => option.join(' ')).join(' ');
}

function unquoted(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}
