import { readTextOrEmpty } from '../runtime/peek.ts';

/** sudo waits for its child process, so /proc shows its arguments. `A=1 pm2` without sudo looks exported. */
export function typedVariables(env: NodeJS.ProcessEnv): Set<string> {
  if (env['SUDO_COMMAND'] === undefined) return new Set();
  return typedIn(readTextOrEmpty(`/proc/${process.ppid}/cmdline`).split('\0').slice(0, -1), env);
}

/** No value of a variable, such as `A=/srv/pm2`, and no text for a shell. */
const PM2 = /^([^\s=]*\/)?pm2$/;
/** Options of sudo(8) and env(1) with a value in the next word: the user may be called pm2. `-uroot` holds its own. */
const SHORT = /^-[^-aCcDghpRrTtUu]*[aCcDghpRrTtUu]$/;
const LONG = /^--(user|group|host|prompt|chdir|chroot|role|type|close-from|command-timeout|other-user)$/;

/** @param words a command line; empty result unless it is sudo's */
export function typedIn(words: readonly string[], env: NodeJS.ProcessEnv): Set<string> {
  const [program = '', ...rest] = words;
  if (!/^(.*\/)?sudo(-rs)?$/.test(program)) return new Set();
  const end = rest.findIndex((word, at) => PM2.test(word) && !takesNextWord(rest[at - 1] ?? ''));
  const before = end < 0 ? rest : rest.slice(0, end);
  const parts = new Set(before.flatMap((word) => [word, ...(/\s/.test(word) ? word.split(/\s+/) : [])]));
  const kept = keptByName(before);
  return new Set(
    Object.entries(env)
      .filter(([name, value]) => kept.includes(name) || parts.has(`${name}=${value ?? ''}`))
      .map(([name]) => name),
  );
}

function takesNextWord(word: string): boolean {
  return SHORT.test(word) || LONG.test(word);
}

/** sudo splits `--preserve-env=A,B` in place (strtok in parse_args.c), so proc(5) shows A and B as two arguments. */
function keptByName(words: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (words[at]?.startsWith(KEEP) !== true) continue;
    kept.push(...(words[at] ?? '').slice(KEEP.length).split(','));
    while (/^[A-Za-z_]\w*$/.test(words[at + 1] ?? '')) kept.push(words[++at] ?? '');
  }
  return kept;
}

const KEEP = '--preserve-env=';
