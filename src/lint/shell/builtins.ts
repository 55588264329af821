import { isAbsolute, resolve } from 'node:path';
import type { Remark } from '../model.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import { userCheck } from './checks.ts';
import { dispatch, type Job } from './command.ts';
import { readOptions } from './options.ts';
import { reaches } from './pm2-words.ts';
import { writeFile } from './redirects.ts';
import { joined } from './remote.ts';
import { NOTHING, runText, type RunResult } from './run.ts';
import { ARGUMENTS, type ShellScope } from './scope.ts';
import { userNamed } from './became.ts';
import type { ParsedWord } from './words.ts';

type Builtin = (words: readonly ParsedWord[], job: Job) => RunResult;

const said = (out: Fragment | null): RunResult => ({ ...NOTHING, out });
const plainText = (text: string, job: Job): RunResult =>
  said(new FragmentBuilder().add(text, job.shell.fragment.at(job.start), true).build());

const shell: Builtin = (words, job) => {
  const { values, rest } = readOptions(words, { letters: 'O', long: ['rcfile', 'init-file'] });
  const scope = job.scope.child();
  if (values.has('c')) {
    const [script] = rest;
    if (!script) return NOTHING;
    scope.forms = [...scope.forms, 'nested'];
    return runText(script.origin, scope, job.shell.session, job.input);
  }
  if ((rest.length === 0 || values.has('s') || rest[0]?.text === '-') && job.input !== null)
    return runText(job.input, scope, job.shell.session);
  if (rest[0]?.certain === true) remark(job, 'runs file', rest[0].text);
  return NOTHING;
};

const print: Builtin = (words, job) => {
  const escapes = words[0]?.text === '-e' || words[0]?.text === '-ne' || words[0]?.text === '-en';
  const kept = words.filter(({ text }, index) => !(index === 0 && /^-[neE]+$/.test(text)));
  const text = joined(kept);
  const builder = new FragmentBuilder().addFragment(escapes ? newlines(text) : text);
  return said(builder.add('\n', job.shell.fragment.at(job.end), true).build());
};

const printf: Builtin = (words) => {
  const [format, ...rest] = words;
  if (!format) return NOTHING;
  if (!format.text.includes('%')) return said(newlines(format.origin));
  const builder = new FragmentBuilder();
  for (const word of rest) builder.addFragment(word.origin).add('\n', word.origin.at(0), true);
  return said(rest.length > 0 ? builder.build() : null);
};

function newlines(fragment: Fragment): Fragment {
  const builder = new FragmentBuilder();
  let at = 0;
  for (const match of fragment.text.matchAll(/\\([nt])/g)) {
    builder
      .addFragment(fragment.slice(at, match.index))
      .add(match[1] === 'n' ? '\n' : '\t', fragment.at(match.index), true);
    at = match.index + 2;
  }
  return builder.addFragment(fragment.slice(at, fragment.text.length)).build();
}

const crontab: Builtin = (words, job) => {
  const { values, rest } = readOptions(words, { letters: 'u', long: [] });
  if (job.input === null || values.has('l') || values.has('r') || (rest[0] && rest[0].text !== '-')) return NOTHING;
  const named = values.get('u');
  const scope = job.scope.child(
    { user: named ? userNamed(named, 'crontab -u') : job.scope.user, cwd: null, forms: [] },
    [],
  );
  const { session } = job.shell;
  session.within({ hidden: null, onlyAfter: [], asked: false }, () => {
    session.readPart('crontab', job.input as Fragment, scope, session);
  });
  return NOTHING;
};

const tee: Builtin = (words, job) => {
  const { rest } = readOptions(words, { letters: '', long: [] });
  if (job.input !== null) for (const path of rest) writeFile(path, job.input, job.scope, job.shell.session);
  return said(job.input);
};

const cat: Builtin = (words, job) => said(words.some(({ text }) => !text.startsWith('-')) ? null : job.input);

/** Changes the working directory; it is unknown afterwards if the word does not tell. */
export function enter(scope: ShellScope, to: ParsedWord | undefined): void {
  const path = to?.text ?? '';
  if (to?.certain === true && isAbsolute(path)) scope.cwd = resolve(path);
  else if (to?.certain === true && scope.cwd !== null && path !== '' && !/^[~-]/.test(path))
    scope.cwd = resolve(scope.cwd, path);
  else scope.cwd = null;
}

const change: Builtin = ([to], { scope }) => {
  enter(scope, to);
  return NOTHING;
};

const end: Builtin = (_words, { scope }) => {
  [scope.ended, scope.exited] = [true, true];
  return NOTHING;
};

const link: Builtin = (words, job) => {
  const names = words.filter(({ text }) => reaches(text) !== null || /\/bin\/pm2$/.test(text));
  if (words.some(({ text }) => /^-\w*s/.test(text) || text === '--symbolic') && names.length > 0)
    remark(job, 'second pm2', '');
  return NOTHING;
};

export function remark(
  { shell: { fragment, session }, scope, start, end }: Job,
  kind: Remark['kind'],
  about: string,
): void {
  const { user, world, cwd, forms } = scope;
  const context = { user, world, cwd, forms, pm2Home: scope.setting('PM2_HOME'), homeDirectory: scope.setting('HOME') };
  session.reading.remarks.push({ kind, start: fragment.at(start), end: fragment.at(end), about, context });
}

/** `useradd -r -s /usr/sbin/nologin app`: the file itself says that this user cannot log in. */
const account: Builtin = (words, job) => {
  const texts = words.map(({ text }) => text);
  const shell = texts.find((text, at) => /^(-s|--shell)$/.test(texts[at - 1] ?? '') || text.startsWith('--shell='));
  const name = words.at(-1);
  const system = /adduser$/.test(job.words[0]?.text ?? '') && texts.includes('--system');
  const closed = shell === undefined ? system : /(nologin|false)$/.test(shell);
  if (closed && name?.certain === true) remark(job, 'no login', name.text);
  return NOTHING;
};

const builtins: Readonly<Record<string, Builtin | undefined>> = {
  bash: shell,
  sh: shell,
  zsh: shell,
  dash: shell,
  ksh: shell,
  ash: shell,
  fish: shell,
  echo: print,
  print,
  printf,
  crontab,
  tee,
  cat,
  cd: change,
  pushd: change,
  ln: link,
  useradd: account,
  adduser: account,
  usermod: account,
  exit: end,
  return: (_words, { scope }) => {
    scope.ended = true;
    return NOTHING;
  },
  eval: (words, { scope, shell: { session } }) => runText(joined(words), scope, session),
  at: (_words, job) => (job.input === null ? NOTHING : runText(job.input, job.scope.child(), job.shell.session)),
  trap: ([handler], { scope, shell: { session } }) => {
    if (!handler || handler.text === '-' || /^\w+$/.test(handler.text)) return NOTHING;
    return session.within({ onlyAfter: [] }, () => runText(handler.origin, scope.fork(), session));
  },
  alias: (words, { scope }) => {
    for (const { text } of words) {
      const equals = text.indexOf('=');
      if (equals > 0) scope.aliases.set(text.slice(0, equals), text.slice(equals + 1));
    }
    return NOTHING;
  },
  test: (_words, job) => ({ ...NOTHING, check: userCheck(job.shell.text(job)) }),
  shift: ([count], { scope }) => {
    const items = scope.get('@')?.items;
    if (!items) return NOTHING;
    const by = count === undefined ? 1 : count.certain && /^\d+$/.test(count.text) ? Number(count.text) : null;
    if (by === null) for (const name of ARGUMENTS) scope.set(name, null);
    else if (by <= items.length) scope.setArguments(items.slice(by)); // otherwise the shell changes nothing
    return NOTHING;
  },
  which: ([word], job) => (word?.text === 'pm2' ? plainText('pm2', job) : NOTHING),
  type: () => NOTHING,
  command: ([option, word], job) => {
    if (/^-[vV]$/.test(option?.text ?? '')) return word?.text === 'pm2' ? plainText('pm2', job) : NOTHING;
    const { rest } = readOptions(option ? [option, ...(word ? [word] : []), ...job.words.slice(3)] : [], {
      letters: '',
      long: [],
    });
    return dispatch({ ...job, words: rest });
  },
  whoami: (_words, job) => (job.scope.user.kind === 'known' ? plainText(job.scope.user.name, job) : NOTHING),
  pwd: (_words, job) => (job.scope.cwd === null ? NOTHING : plainText(job.scope.cwd, job)),
};

export function isBuiltin(name: string): boolean {
  return Object.hasOwn(builtins, name);
}

/** Shell builtins, and programs that change or inspect the shell. Null: it is none of them. */
export function builtin(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  const found = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  return found ? found(words, job) : null;
}
