import { basename, extname } from 'node:path';

/** The kinds of files that have a reader of their own. `text` holds no code. */
export type Kind =
  | 'shell'
  | 'fish'
  | 'crontab'
  | 'system crontab'
  | 'anacrontab'
  | 'unit'
  | 'drop-in'
  | 'dockerfile'
  | 'yaml'
  | 'jenkins'
  | 'package'
  | 'makefile'
  | 'process file'
  | 'ruby'
  | 'php'
  | 'python'
  | 'javascript'
  | 'logrotate'
  | 'sudoers'
  | 'blade'
  | 'authorized keys'
  | 'supervisor'
  | 'text';

const BY_EXTENSION: Readonly<Record<string, Kind | undefined>> = {
  '.sh': 'shell',
  '.bash': 'shell',
  '.zsh': 'shell',
  '.fish': 'fish',
  '.dash': 'shell',
  '.ksh': 'shell',
  '.command': 'shell',
  '.bats': 'shell',
  '.service': 'unit',
  '.timer': 'unit',
  '.socket': 'unit',
  '.yml': 'yaml',
  '.yaml': 'yaml',
  '.mk': 'makefile',
  '.mak': 'makefile',
  '.rb': 'ruby',
  '.rake': 'ruby',
  '.cap': 'ruby',
  '.php': 'php',
  '.inc': 'php',
  '.phtml': 'php',
  '.py': 'python',
  '.js': 'javascript',
  '.cjs': 'javascript',
  '.mjs': 'javascript',
  '.ts': 'javascript',
  '.mts': 'javascript',
  '.cts': 'javascript',
  '.cron': 'crontab',
  '.crontab': 'crontab',
  '.logrotate': 'logrotate',
  '.sudoers': 'sudoers',
  '.md': 'text',
  '.txt': 'text',
  '.rst': 'text',
  '.log': 'text',
  '.html': 'text',
  '.csv': 'text',
  '.lock': 'text',
  '.groovy': 'jenkins',
  '.jenkinsfile': 'jenkins',
  '.dockerfile': 'dockerfile',
};

const BY_NAME: readonly (readonly [RegExp, Kind])[] = [
  [/\.blade\.php$|^Envoy/, 'blade'],
  [/^(Dockerfile|Containerfile)([.-].*)?$|\.Dockerfile$/i, 'dockerfile'],
  [/^Jenkinsfile([.-].*)?$/i, 'jenkins'],
  [/^package\.json$|\.package\.json$|^package[.-][\w.-]*json$/, 'package'],
  [/^(GNU)?[Mm]akefile([.-].*)?$/, 'makefile'],
  [/^(Capfile|Rakefile|Vagrantfile)$/, 'ruby'],
  [/\.config\.[cm]?js$|^(ecosystem|processes|process|pm2)[\w.-]*\.(json|[cm]?js|ya?ml)$/, 'process file'],
  [/^authorized_keys2?$/, 'authorized keys'],
  [/^fabfile\.py$/, 'python'],
  [/^\.(bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zprofile|zshenv|bash_aliases|envrc)$/, 'shell'],
  [/^sudoers/, 'sudoers'],
  [/^(crontab)$/, 'crontab'],
];

/** By the path of a file on a server or in a checkout. */
const BY_PLACE: readonly (readonly [RegExp, Kind])[] = [
  [/(^|\/)etc\/cron\.d\/|(^|\/)cron\.d\/|(^|\/)etc\/crontab$/, 'system crontab'],
  [/(^|\/)anacrontab$/, 'anacrontab'],
  [/(^|\/)(var\/spool\/cron|spool\/cron)\//, 'crontab'],
  [/(^|\/)(etc\/)?sudoers\.d\//, 'sudoers'],
  [/(^|\/)(etc\/)?logrotate\.d\//, 'logrotate'],
  [/(^|\/)(etc\/)?cron\.(hourly|daily|weekly|monthly)\//, 'shell'],
  [/(^|\/)(etc\/)?init\.d\/|(^|\/)hooks\/[a-z-]+$|(^|\/)\.husky\/[\w-]+$|(^|\/)etc\/rc\.local$/, 'shell'],
  [/(^|[./])service\.d\/[^/]+\.conf$/, 'drop-in'],
  [/(^|\/)etc\/(motd|issue)|(^|\/)update-motd\.d\/.*\.txt$/, 'text'],
  [/(^|\/)(usr\/local\/s?bin|usr\/s?bin|s?bin)\/[^./]+$|(^|\/)etc\/profile\.d\//, 'shell'],
];

const SCHEDULE =
  /^\s*(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|[\d*][\d*,/-]*(\s+[\w*,/-]+){4})\s+\S/;

/** The kind of a path that a script writes; null: unknown. */
export function kindOfPath(path: string): Kind | null {
  const name = basename(path);
  for (const [pattern, kind] of BY_PLACE) if (pattern.test(path)) return kind;
  for (const [pattern, kind] of BY_NAME) if (pattern.test(name)) return kind;
  const inner = /\.(j2|erb|tpl|tmpl|template|dist|example|sample|in)$/.exec(name);
  if (inner) return kindOfPath(path.slice(0, inner.index));
  return BY_EXTENSION[extname(name).toLowerCase()] ?? null;
}

/** By the program of a `#!` line. */
const INTERPRETERS: readonly (readonly [RegExp, Kind])[] = [
  [/^fish$/, 'fish'],
  [/^(ba|da|z|k|a)?sh$/, 'shell'],
  [/^python/, 'python'],
  [/^(node|bun|deno|zx)$/, 'javascript'],
  [/^php/, 'php'],
  [/^ruby/, 'ruby'],
  [/^make/, 'makefile'],
];

/** The kind of a text whose name does not tell. */
export function kindOfText(text: string): Kind | null {
  const [, interpreter] = /^#!\s*(?:\S*\/)?(?:env\s+(?:-S\s+)?)?(\w+)/.exec(text) ?? [];
  if (interpreter !== undefined) return INTERPRETERS.find(([pattern]) => pattern.test(interpreter))?.[1] ?? 'text';
  if (/^\[(Unit|Service|Timer|Install)\]\s*$/m.test(text)) return 'unit';
  if (/^<\?php/.test(text)) return 'php';
  if (/^#cloud-config\b/.test(text)) return 'yaml';
  if (/^\[program:/m.test(text)) return 'supervisor';
  if (/^\s*(pre|post)rotate\s*$/m.test(text)) return 'logrotate';
  if (/^\s*[%\w-]+\s+\w+\s*=\s*\([^)]*\)\s*\S/m.test(text)) return 'sudoers';
  if (/^\s*pipeline\s*\{|^\s*node\s*(\([^)]*\))?\s*\{/m.test(text)) return 'jenkins';
  if (/^FROM\s+\S+/m.test(text) && /^(RUN|CMD|ENTRYPOINT|COPY)\s/m.test(text)) return 'dockerfile';
  if (/^@(servers|task|story)\b/m.test(text)) return 'blade';
  if (/^(---|\w[\w-]*:\s*$)/m.test(text) && /^\s*- \w+:/m.test(text) && !/;\s*$/m.test(text)) return 'yaml';
  if (isCrontab(text)) return systemLines(text) ? 'system crontab' : 'crontab';
  return null;
}

function jobs(text: string): string[] {
  return text.split('\n').filter((line) => SCHEDULE.test(line));
}

function isCrontab(text: string): boolean {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line) && !/^\s*\w+\s*=/.test(line));
  return lines.length > 0 && jobs(text).length === lines.length;
}

const PROGRAMS = new Set([
  'pm2',
  'cd',
  'bash',
  'sh',
  'sudo',
  'test',
  'node',
  'curl',
  'flock',
  'env',
  'nice',
  'su',
  'find',
  'npx',
  'npm',
  'echo',
  'sleep',
  'export',
  'source',
  'timeout',
  'systemctl',
  'wget',
  'python3',
  'php',
  'rm',
  'logrotate',
  'certbot',
]);

/** Whether each job of a crontab has a user before its command. */
export function systemLines(text: string): boolean {
  const found = jobs(text);
  return (
    found.length > 0 &&
    found.every((line) => {
      const rest = line.trim().replace(/^(@\w+|(\S+\s+){4}\S+)\s+/, '');
      const [word = '', next = ''] = rest.split(/\s+/);
      return /^[a-z_][a-z0-9_-]*$/.test(word) && !PROGRAMS.has(word) && next !== '' && !/^[-|&;<>]/.test(next);
    })
  );
}

/** The kind of a file; null: it can hold no call. */
export function kindOf(path: string, text: string): Kind | null {
  const named = kindOfPath(path);
  if (named === 'crontab' && systemLines(text)) return 'system crontab';
  if (named === 'system crontab' && !systemLines(text) && !/(^|\/)cron\.d\/|etc\/crontab/.test(path)) return 'crontab';
  if (
    named === 'javascript' &&
    /^\s*(module\.exports|export default)\b/m.test(text) &&
    /\b(apps|deploy)\s*:/.test(text)
  )
    return 'process file';
  if (named === null && extname(path).toLowerCase() === '.json') return jsonKind(text);
  if (named === 'text' && /\.txt$/.test(path))
    return kindOfText(text) === 'crontab' || kindOfText(text) === 'system crontab' ? kindOfText(text) : 'text';
  return named ?? kindOfText(text) ?? null;
}

function jsonKind(text: string): Kind | null {
  if (/"scripts"\s*:\s*\{/.test(text)) return 'package';
  return /"(apps|deploy)"\s*:/.test(text) ? 'process file' : null;
}
