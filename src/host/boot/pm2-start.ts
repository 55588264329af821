import { basename } from 'node:path';
import { parse } from 'shell-quote';
import { accountOf, mentionsPm2, type Runner } from './runner.ts';
import { assigned, exported, KEYWORDS, unknownAssignment, variable } from './shell-variables.ts';

/** `unclear`: it runs pm2, and as whom or with which PM2_HOME is not known. Null: it starts no apps. */
export type Pm2Start = Runner | 'unclear' | null;

const STARTS = /^(resurrect|start|restart|reload|startOrRestart|startOrReload|startOrGracefulReload)$/;
/** They start no program that a word of theirs names. */
const HARMLESS = 'cd echo printf test [ [[ mkdir chown chmod touch rm sleep true false : logger umask ulimit set'.split(
  ' ',
);
/** Programs whose words are followed here. */
const FOLLOWED = /^(pm2|pm2-runtime|pm2-docker|env|sh|bash|dash|su|runuser|sudo|setpriv)$/;
/** A shell's expansion that is not known here. */
const OPEN = /[$`]/;

/** Who runs `pm2 resurrect` or the like in a shell's command line. The first one counts. */
export function startInShell(text: string, by: Runner): Pm2Start {
  let runner = by;
  let words: string[] = [];
  let operator = '';
  let isUnclear = false;
  const aroundSubshells: Runner[] = [];
  for (const token of [...parse(text, (name) => variable(name, text, by)), { op: ';' as const }]) {
    if (typeof token === 'string') words.push(token);
    else if ('comment' in token) continue;
    else if (token.op === 'glob') words.push(...unknownAssignment(token.pattern));
    else {
      const found = pm2StartOf(words, runner, true);
      if (found !== null && found !== 'unclear') return isUnclear ? 'unclear' : found;
      isUnclear ||= found === 'unclear' || ['.', 'source', 'eval'].includes(words[0] ?? '');
      runner = exported(words, operator, runner);
      if (token.op === '(') aroundSubshells.push(runner);
      if (token.op === ')') runner = aroundSubshells.pop() ?? runner;
      operator = token.op;
      words = [];
    }
  }
  return isUnclear && mentionsPm2(text) ? 'unclear' : null;
}

/**
 * The same for the words of one command.
 * @param inShell a tilde in front of a value is the home directory
 */
export function pm2StartOf(words: readonly string[], by: Runner, inShell = false): Pm2Start {
  const [first, ...rest] = words;
  if (first === undefined) return null;
  if (KEYWORDS.includes(first)) return pm2StartOf(rest, by, inShell);
  const [, name, value = ''] = /^(\w+)=(.*)$/s.exec(first) ?? [];
  if (name !== undefined) return pm2StartOf(rest, assigned(by, name, value, inShell), inShell);
  switch (basename(first)) {
    case 'nohup':
    case 'setsid':
      return pm2StartOf(rest, by);
    case 'env':
      return startByEnv(rest, by);
    case 'sh':
    case 'bash':
    case 'dash':
      return startByShell(rest, by);
    case 'su':
      return startBySu(rest, by);
    case 'runuser':
      return rest.some((word) => /^(-u|--user)/.test(word)) ? startByRunuser(rest, by) : startBySu(rest, by);
    case 'sudo':
      return startBySudo(rest, by);
    case 'setpriv':
      return startBySetpriv(rest, by);
    case 'node':
    case 'nodejs':
    case 'nice':
    case 'ionice':
    case 'chrt':
    case 'taskset':
    case 'timeout':
    case 'npx':
    case 'systemd-cat':
      return startBehind(rest, by);
    case 'pm2-runtime':
    case 'pm2-docker':
      return certain(by, words);
    case 'pm2':
      if (rest.some((word) => STARTS.test(word))) return certain(by, words);
      return rest.some((word) => OPEN.test(word)) ? 'unclear' : null;
    default:
      return HARMLESS.includes(first) ? null : unlessMentioned(words);
  }
}

function unlessMentioned(words: readonly string[]): Pm2Start {
  return words.some(mentionsPm2) ? 'unclear' : null;
}

/** Behind a program that keeps user and environment, with options that are not read. */
function startBehind(words: readonly string[], by: Runner): Pm2Start {
  const isFollowed = (word = '') => FOLLOWED.test(basename(word));
  // The first pm2 of `systemd-cat -t pm2 sudo pm2` is the value of an option.
  const at = words.findIndex((word, index) => isFollowed(word) && !(isPm2(word) && isFollowed(words[index + 1])));
  return at < 0 ? unlessMentioned(words) : pm2StartOf(words.slice(at), by);
}

function isPm2(word: string): boolean {
  return /^pm2(-runtime|-docker)?$/.test(basename(word));
}

function certain(by: Runner, words: readonly string[]): Pm2Start {
  const values = [by.user, by.pm2Home ?? '', by.homeDirectory ?? '', ...words.slice(0, 2)];
  return values.some((value) => OPEN.test(value)) ? 'unclear' : by;
}

/** env(1) */
function startByEnv(words: readonly string[], by: Runner): Pm2Start {
  const [first = '', second = '', ...rest] = words;
  if (first === '--') return startByEnv(words.slice(1), by);
  if (first === '-i' || first === '-' || first === '--ignore-environment')
    return startByEnv(words.slice(1), { ...by, pm2Home: null, homeDirectory: null });
  if (first === '-u')
    return startByEnv(rest, second === 'PM2_HOME' ? { ...by, pm2Home: null } : second === 'HOME' ? lost(by) : by);
  if (first === '-C') return startByEnv(rest, by);
  return first.startsWith('-') ? unlessMentioned(words) : pm2StartOf(words, by);
}

function lost(by: Runner): Runner {
  return { ...by, homeDirectory: null };
}

/** `sh -lc TEXT`. Scripts are not read. */
function startByShell(words: readonly string[], by: Runner): Pm2Start {
  const at = words.findIndex((word) => /^-[a-z]*c$/.test(word));
  const before = words.slice(0, Math.max(at, 0));
  const isKnown = before.every((word) => /^-[a-z]+$|^--(login|norc|noprofile)$/.test(word));
  if (at < 0 || !isKnown) return unlessMentioned(words);
  return startInShell(words[at + 1] ?? '', by);
}

/** su(1), `runuser -l`. A login forgets PM2_HOME; without one it stays. */
function startBySu(words: readonly string[], by: Runner): Pm2Start {
  let isLogin = false;
  let keepsEnvironment = false;
  let command: string | null = null;
  const others: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, long, value] = /^--(command|shell)=(.*)$/s.exec(word) ?? [];
    if (['-', '-l', '--login'].includes(word)) isLogin = true;
    else if (['-m', '-p', '--preserve-environment'].includes(word)) keepsEnvironment = true;
    else if (long !== undefined) command = long === 'command' ? (value ?? '') : command;
    else if (['-c', '--command'].includes(word)) command = words[++at] ?? '';
    else if (['-s', '--shell'].includes(word)) at++;
    else if (word.startsWith('-')) return unlessMentioned(words);
    else others.push(word);
  }
  const [user = 'root', ...more] = others;
  if (command === null || more.length > 0 || OPEN.test(user)) return unlessMentioned(words);
  const homeDirectory = keepsEnvironment && !isLogin ? by.homeDirectory : (accountOf(user)?.homeDirectory ?? null);
  return startInShell(command, { user, homeDirectory, pm2Home: isLogin ? null : by.pm2Home, inSession: true });
}

/** `runuser -u USER -- PROGRAM`: the environment stays as it is, and no session is opened. */
function startByRunuser(words: readonly string[], by: Runner): Pm2Start {
  const [first = '', second = ''] = words;
  const [, joined = ''] = /^(?:-u|--user=)(.+)$/s.exec(first) ?? [];
  const user = joined === '' && ['-u', '--user'].includes(first) ? second : joined;
  const rest = words.slice(joined === '' ? 2 : 1);
  const program = rest[0] === '--' ? rest.slice(1) : rest;
  if (user === '' || OPEN.test(user) || program[0]?.startsWith('-') !== false) return unlessMentioned(words);
  return pm2StartOf(program, { ...by, user });
}

const KNOWN_OF_SUDO = ['--preserve-env', '--login', '--non-interactive', '--set-home'];

/** sudo(8) with env_reset, its default: HOME is the user's. -E keeps PM2_HOME, and without -H also HOME. */
function startBySudo(words: readonly string[], by: Runner): Pm2Start {
  let user = 'root';
  let keeps = false;
  let setsHome = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, joined] = /^-[EHin]*u(.*)$/s.exec(word) ?? [];
    const [, long] = /^--user=(.+)$/s.exec(word) ?? [];
    keeps ||= /^-[Hin]*E/.test(word) || word === '--preserve-env';
    setsHome ||= /^-[Ein]*H/.test(word) || word === '--set-home';
    if (long !== undefined) user = long;
    else if (joined !== undefined || word === '--user')
      user = joined === undefined || joined === '' ? (words[++at] ?? '') : joined;
    else if (!word.startsWith('-') || word === '--') {
      const name = user.replace(/^#/, '');
      const kept = keeps ? by : { homeDirectory: null, pm2Home: null };
      const homeDirectory = (setsHome ? null : kept.homeDirectory) ?? accountOf(name)?.homeDirectory ?? null;
      const { pm2Home } = kept;
      return pm2StartOf(words.slice(word === '--' ? at + 1 : at), { ...by, user: name, homeDirectory, pm2Home });
    } else if (!/^-[EHin]+$/.test(word) && !KNOWN_OF_SUDO.includes(word)) return unlessMentioned(words);
  }
  return unlessMentioned(words);
}

/** setpriv(1): the environment stays as it is. */
function startBySetpriv(words: readonly string[], by: Runner): Pm2Start {
  let { user } = by;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, option = '', joined] = /^--(reuid|regid|groups)(?:=(.+))?$/s.exec(word) ?? [];
    const value = option === '' ? '' : (joined ?? words[++at] ?? '');
    if (option === 'reuid') user = value;
    if (option !== '' || ['--init-groups', '--clear-groups', '--no-new-privs'].includes(word)) continue;
    const program = words.slice(word === '--' ? at + 1 : at);
    return program[0]?.startsWith('-') === false ? pm2StartOf(program, { ...by, user }) : unlessMentioned(words);
  }
  return null;
}
