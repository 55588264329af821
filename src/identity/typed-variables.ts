import { readTextOrEmpty } from '../runtime/peek.ts';

/**
 * Names of the variables of `env` that were typed on the command line of the sudo that started this process: `sudo
 * A=1 pm2`, `sudo env A=1 pm2`, `sudo sh -c 'A=1 pm2'`, `sudo --preserve-env=A pm2`. sudo waits for its command, so
 * its words can be read (proc(5), cmdline). `A=1 pm2` of a shell is not known: inside the process it looks as if it
 * had been exported.
 */
export function typedVariables(env: NodeJS.ProcessEnv): Set<string> {
  if (env['SUDO_COMMAND'] === undefined) return new Set();
  return typedIn(readTextOrEmpty(`/proc/${process.ppid}/cmdline`).split('\0').slice(0, -1), env);
}

/** @param words a command line; one that is not sudo's says nothing */
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

/**
 * sudo(8): `--preserve-env=A,B`. sudo takes its own words apart in place (strtok in parse_args.c), so that proc(5)
 * shows A and B as two words; the command that follows may look like one more name.
 */
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
