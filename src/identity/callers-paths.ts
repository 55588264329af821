export interface HomeDirectories {
  /** Absolute, without a final slash. */
  callers: readonly string[];
  /** Home directory of the new user. Its paths are kept, even inside a home directory of the caller. */
  owners: string | null;
}

/** Home directories of system accounts (base-passwd of Debian). They belong to no person. */
const NOT_A_PERSONS = ['', '/bin', '/sbin', '/dev', '/usr/bin', '/usr/sbin', '/usr', '/nonexistent', '/var/empty'];

/** The home directories of persons, without duplicates and final slashes. */
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

/** Removes the caller's paths from NODE_OPTIONS and lists of directories. Null: nothing of the value may cross. */
export function withoutCallersPaths(name: string, value: string, homeDirectories: HomeDirectories): string | null {
  const areOptions = name === 'NODE_OPTIONS' || name === 'PM2_NODE_OPTIONS';
  if (!holdsCallersPath(areOptions ? unquoted(value) : value, homeDirectories)) return value;
  if (areOptions) return optionsWithout(value, homeDirectories);
  if (isPathList(name, value)) {
    const kept = value.split(':').filter((entry) => !holdsCallersPath(entry, homeDirectories));
    return kept.some((entry) => entry !== '') ? kept.join(':') : null;
  }
  return null;
}

/** Whether a text contains a path in the caller's home or session directory (pam_systemd(8), pam_tmpdir). */
export function holdsCallersPath(text: string, { callers, owners }: HomeDirectories): boolean {
  if (!text.includes('/')) return false;
  if (text.includes('/user/') && /\/(run|tmp)\/user\/\d/.test(text)) return true;
  return callers.some((homeDirectory) => {
    for (let at = text.indexOf(homeDirectory); at >= 0; at = text.indexOf(homeDirectory, at + 1)) {
      if (!endsAt(text, at + homeDirectory.length) || !beginsAt(text, at)) continue;
      const inOwners =
        owners?.startsWith(`${homeDirectory}/`) === true &&
        text.startsWith(owners, at) &&
        endsAt(text, at + owners.length);
      if (!inOwners) return true;
    }
    return false;
  });
}

/** /root is not the start of /rooted, /root.d or /root-2. */
function endsAt(text: string, end: number): boolean {
  return end === text.length || !inName(text.charCodeAt(end));
}

/** /root is not the end of /srv/root or https://host/root. `-I/root` and `file:///root` do name it. */
function beginsAt(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text[start - 1] === '/') start--;
  if (start === 0 || !inName(text.charCodeAt(start - 1))) return !(at - start === 1 && text[start - 1] === ':');
  return at === start && isOption(text, at);
}

/** `-I` or `-isystem` before a path. */
function isOption(text: string, end: number): boolean {
  let start = end;
  while (start > 0 && isLetter(text.charCodeAt(start - 1))) start--;
  if (start === end || text[start - 1] !== '-') return false;
  return start === 1 || (text[start - 2] !== '/' && !inName(text.charCodeAt(start - 2)));
}

function trimmed(path: string): string {
  return path.endsWith('/') ? trimmed(path.slice(0, -1)) : path;
}

/** Letters, digits, `_ - . + % ~`, and non-ASCII. */
function inName(code: number): boolean {
  return code > 127 || isLetter(code) || (code >= 48 && code <= 57) || IN_NAMES.includes(code);
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 97 && lower <= 122;
}

const IN_NAMES = [0x5f, 0x2d, 0x2e, 0x2b, 0x25, 0x7e];

/** Lists that may hold relative paths. */
const PATH_LISTS = ['NODE_PATH', 'CLASSPATH', 'PYTHONPATH', 'PERL5LIB', 'RUBYLIB', 'LD_LIBRARY_PATH'];

/** MANPATH, GEM_PATH, XDG_DATA_DIRS and others: such a name, and only absolute paths between the colons. */
function isPathList(name: string, value: string): boolean {
  if (!value.includes(':')) return false;
  if (PATH_LISTS.includes(name)) return true;
  const kind = name.toUpperCase();
  if (!kind.endsWith('PATH') && !kind.endsWith('LIB') && !kind.endsWith('DIRS')) return false;
  return value.split(':').every((entry) => entry === '' || entry.startsWith('/'));
}

/** Splits words as node does (ParseNodeOptionsEnvVar in node_options.cc). A value goes together with its option. */
function optionsWithout(text: string, homeDirectories: HomeDirectories): string | null {
  const words = /"(?:[^"\\]|\\.)*$/.test(text.replace(/"(?:[^"\\]|\\.)*"/gs, ''))
    ? []
    : (text.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/gs) ?? []);
  const options: string[][] = [];
  for (const word of words) {
    const last = options.at(-1);
    if (last === undefined || word.startsWith('-')) options.push([word]);
    else last.push(word);
  }
  const kept = options.filter((option) => !option.some((word) => holdsCallersPath(unquoted(word), homeDirectories)));
  return kept.length === 0 ? null : kept.map((option) => option.join(' ')).join(' ');
}

function unquoted(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}
