import { readTextOrEmpty } from '../runtime/peek.ts';

/** sudo waits for its child process, so /proc shows its arguments. `A=1 pm2` without sudo looks exported. */
export function typedVariables(env: NodeJS.ProcessEnv): Set<string> {
  if (env['SUDO_COMMAND'] === undefined) return new Set();
  return typedIn(readTextOrEmpty(`/proc/${process.ppid}/cmdline`).split('\0').slice(0, -1), env);
}

/** @param words a command line; empty result unless it is sudo's */
export function typedIn(words: readonly string[], env: NodeJS.ProcessEnv): Set<string> {
  const [program = '', ...rest] = words;
  if (!/^(.*\/)?sudo(-rs)?$/.test(program)) return new Set();
  const end = rest.findIndex((word) => word === 'pm2' || word.endsWith('/pm2'));
  const before = end < 0 ? rest : rest.slice(0, end);
  const parts = new Set(before.flatMap((word) => [word, ...(/\s/.test(word) ? word.split(/\s+/) : [])]));
  const kept = keptByName(before);
  return new Set(
    Object.entries(env)
      .filter(([name, value]) => kept.includes(name) || parts.has(`${name}=${value ?? ''}`))
      .map(([name]) => name),
  );
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
