import { readOptions, tail, type OptionTable } from './options.ts';
import type { ParsedWord } from './words.ts';

/** Programs that run the command after their own words, as the same user with the same environment. */
const WRAPPERS: Readonly<Record<string, (OptionTable & { operands?: number }) | undefined>> = {
  nice: { letters: 'n', long: ['adjustment'] },
  nohup: { letters: '', long: [] },
  ionice: { letters: 'cnpPu', long: ['class', 'classdata'] },
  timeout: { letters: 'sk', long: ['signal', 'kill-after'], operands: 1 },
  stdbuf: { letters: 'ioe', long: ['input', 'output', 'error'] },
  setsid: { letters: '', long: [] },
  time: { letters: 'fo', long: ['format', 'output'] },
  exec: { letters: 'a', long: [] },
  command: { letters: '', long: [] },
  builtin: { letters: '', long: [] },
  caffeinate: { letters: 'tw', long: [] },
  // The values of -e, -i and -l are optional, and attached (xargs(1)).
  xargs: { letters: 'aEILnPsd', long: ['max-args', 'max-procs', 'replace', 'delimiter', 'arg-file'] },
  flock: { letters: 'wEc', long: ['timeout', 'wait', 'conflict-exit-code', 'command'], operands: 1 },
  unbuffer: { letters: '', long: [] },
  authbind: { letters: '', long: ['depth'] },
  watch: { letters: 'nd', long: ['interval'] },
  chronic: { letters: '', long: [] },
  cronic: { letters: '', long: [] },
  'start-stop-daemon': { letters: '', long: [] },
  op: { letters: '', long: ['env-file'] },
  dotenv: { letters: 'efpv', long: [] },
  'cross-env': { letters: '', long: [] },
  'env-cmd': { letters: 'fe', long: ['file'] },
  doppler: { letters: 'pc', long: [] },
  retry: { letters: 'tdn', long: ['times', 'delay'] },
  sem: { letters: 'j', long: [] },
  softlimit: { letters: 'acdflmoprst', long: [] },
  tini: { letters: '', long: [] },
  numactl: { letters: 'iNCml', long: [] },
  taskset: { letters: '', long: [], operands: 1 },
  chrt: { letters: 'TPD', long: ['sched-runtime', 'sched-period', 'sched-deadline'], operands: 1 },
  'ts-node': { letters: '', long: [] },
};

export function isWrapper(name: string): boolean {
  return name === 'env' || Object.hasOwn(WRAPPERS, name);
}

/** The wrapped command in a wrapper's words. */
export function behindWrapper(
  name: string,
  words: readonly ParsedWord[],
): { rest: readonly ParsedWord[]; script: ParsedWord | null } | null {
  const table = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (table === undefined) return null;
  // `command -v pm2` only finds pm2; xargs, watch and flock take one text too.
  if (name === 'command' && /^-[vV]/.test(words[0]?.text ?? '')) return { rest: [], script: null };
  const { values, rest } = readOptions(words, table);
  const script = name === 'flock' ? (values.get('c') ?? values.get('command') ?? null) : null;
  let command = rest.slice(table.operands ?? 0);
  if (name === 'flock' && /^-(c|-command)$/.test(command[0]?.text ?? ''))
    return { rest: [], script: command[1] ?? null };
  if (name === 'retry' || name === 'dotenv' || name === 'op' || name === 'doppler')
    command = command.slice(
      command.findIndex(({ text }) => text === 'pm2' || text === '--') +
        (command.some(({ text }) => text === '--') ? 1 : 0),
    );
  if (name === 'watch' && command.length === 1) return { rest: [], script: command[0] ?? null };
  return { rest: command, script };
}

/** env(1), and `cross-env`: assignments and unset variables before a command. */
export function throughEnv(words: readonly ParsedWord[]): {
  cleared: boolean;
  unset: string[];
  sets: { name: string; word: ParsedWord }[];
  /** Of -C. */
  directory: ParsedWord | null;
  rest: readonly ParsedWord[];
} {
  const unset: string[] = [];
  const sets: { name: string; word: ParsedWord }[] = [];
  let cleared = false;
  let directory: ParsedWord | null = null;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as ParsedWord;
    const { text } = word;
    const equals = text.indexOf('=');
    if (text === '-' || text === '-i' || text === '--ignore-environment') cleared = true;
    else if (text === '-u' || text === '--unset') unset.push(words[++at]?.text ?? '');
    else if (text.startsWith('--unset=') || /^-u./.test(text)) unset.push(text.replace(/^(--unset=|-u)/, ''));
    else if (text === '-C' || text === '--chdir') directory = words[++at] ?? null;
    else if (text.startsWith('--chdir=') || /^-C./.test(text)) directory = tail(word, text.startsWith('-C') ? 2 : 8);
    else if (text.startsWith('-')) continue;
    else if (equals > 0)
      sets.push({
        name: text.slice(0, equals),
        word: tail(word, equals + 1),
      });
    else break;
  }
  return { cleared, unset, sets, directory, rest: words.slice(at) };
}
