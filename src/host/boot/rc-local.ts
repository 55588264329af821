import { basename, join } from 'node:path';
import { parse } from 'shell-quote';
import { accountByName } from '../../identity/accounts.ts';
import { isDirectory, linkOf, mayExecute, realpathOrNull } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import type { BootScript } from './boot-scripts.ts';

/** Debian, Red Hat. systemd's rc-local.service runs it where it is executable (systemd-rc-local-generator(8)). */
const PLACES = ['/etc/rc.local', '/etc/rc.d/rc.local'];
const SERVICES = ['/etc/systemd/system/rc-local.service', '/etc/systemd/system/rc.local.service'];
const MAX_BYTES = 1 << 18;

interface Runner {
  user: string;
  /** PM2_HOME; null: the user's default. */
  pm2Home: string | null;
}

/** The lines that bring a daemon up. Only what is certain: no line with a variable, and none that continues. */
export function rcLocalLines(root = ''): BootScript[] {
  const files = new Set(PLACES.map((place) => realpathOrNull(root + place)).filter((file) => file !== null));
  const isMasked = SERVICES.some((service) => linkOf(root + service) === '/dev/null');
  return [...files].flatMap((file) => {
    const enabled = !isMasked && mayExecute(file);
    return linesOf(file).flatMap(({ text, line }) => {
      const found = runnerOf(text, { user: 'root', pm2Home: null });
      const pm2Home = found === null ? null : (found.pm2Home ?? defaultHome(found.user));
      return found === null || pm2Home === null ? [] : [{ file, user: found.user, pm2Home, pm2: null, enabled, line }];
    });
  });
}

/** Up to the first `exit`, after which people like to append. */
function linesOf(file: string): { text: string; line: number }[] {
  let text: string;
  try {
    text = readRegularFile(file, MAX_BYTES).toString('utf8');
  } catch {
    return [];
  }
  const lines: { text: string; line: number }[] = [];
  let isOpen = false;
  const all = text.split('\n');
  for (const [index, one] of all.entries()) {
    if (/^\s*#/.test(one)) continue;
    const isInside = isOpen;
    if (!isQuoted(one)) isOpen = !isOpen;
    const isWhole = !isInside && !isOpen && !continues(one) && !continues(all[index - 1] ?? '');
    if (!isInside && /^exit\b/.test(one)) break;
    if (isWhole && /\bpm2\b/.test(one)) lines.push({ text: one, line: index + 1 });
  }
  return lines;
}

function isQuoted(line: string): boolean {
  return line.split('"').length % 2 === 1 && line.split("'").length % 2 === 1;
}

function continues(line: string): boolean {
  return line.endsWith('\\');
}

/** Who runs `pm2 resurrect` or `pm2 start` in a shell's command line. */
function runnerOf(text: string, by: Runner): Runner | null {
  let words: string[] = [];
  for (const token of [...parse(text, (name) => `$${name}`), { op: ';' as const }]) {
    if (typeof token === 'string') words.push(token);
    else if ('comment' in token || token.op === 'glob') continue;
    else {
      const found = words.some((word) => /[$`]/.test(word)) ? null : runnerOfWords(words, by);
      if (found !== null) return found;
      words = [];
    }
  }
  return null;
}

function runnerOfWords([first, ...rest]: readonly string[], by: Runner): Runner | null {
  if (first === undefined) return null;
  const [, name, value] = /^(\w+)=(.*)$/s.exec(first) ?? [];
  if (name !== undefined) return runnerOfWords(rest, name === 'PM2_HOME' ? { ...by, pm2Home: value ?? null } : by);
  switch (basename(first)) {
    case 'exec':
    case 'nohup':
    case 'setsid':
    case 'env':
      return runnerOfWords(rest, by);
    case 'sh':
    case 'bash':
      return /^-l?c$/.test(rest[0] ?? '') ? runnerOf(rest[1] ?? '', by) : null;
    case 'su':
    case 'runuser':
      return runnerOfSu(rest, by);
    case 'sudo':
      return runnerOfSudo(rest);
    case 'pm2':
      return ['resurrect', 'start'].some((command) => rest.includes(command)) ? by : null;
    default:
      return null;
  }
}

/** su(1): `su - ops -c 'pm2 resurrect'`. A login forgets PM2_HOME. `runuser -u` is another command: it keeps HOME. */
function runnerOfSu(words: readonly string[], by: Runner): Runner | null {
  const isLogin = words.some((word) => ['-', '-l', '--login'].includes(word));
  const at = words.indexOf('-c');
  const command = words[at + 1];
  const [user = 'root', ...others] = words.filter(
    (word, index) =>
      !['-', '-l', '--login', '-c', '-s'].includes(word) && !['-c', '-s'].includes(words[index - 1] ?? ''),
  );
  if (at < 0 || command === undefined || user.startsWith('-') || others.length > 0) return null;
  return runnerOf(command, { user, pm2Home: isLogin ? null : by.pm2Home });
}

function runnerOfSudo(words: readonly string[]): Runner | null {
  let user = 'root';
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, joined] = /^-[EHin]*u(.*)$/.exec(word) ?? [];
    if (joined !== undefined) user = joined === '' ? (words[++at] ?? '') : joined;
    else if (!word.startsWith('-')) return runnerOfWords(words.slice(at), { user, pm2Home: null });
    else if (!/^-[EHin]+$/.test(word)) return null;
  }
  return null;
}

/** systemd gives rc-local.service no HOME (T15). */
function defaultHome(user: string): string | null {
  if (user === 'root' && isDirectory('/etc/.pm2')) return '/etc/.pm2';
  const account = accountByName(user);
  return account === null ? null : join(account.homeDirectory, '.pm2');
}
